//! As much of DER (X.690) as it takes to walk through a certificate. Every length is a stranger's.

/// The first byte of an element: class, form and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag(u8);

impl Tag {
    pub(super) const BOOLEAN: Self = Self(0x01);
    pub(super) const OCTET_STRING: Self = Self(0x04);
    pub(super) const OBJECT_IDENTIFIER: Self = Self(0x06);
    pub(super) const UTC_TIME: Self = Self(0x17);
    pub(super) const GENERALIZED_TIME: Self = Self(0x18);
    pub(super) const SEQUENCE: Self = Self(0x30);
    pub(super) const SET: Self = Self(0x31);

    /// Of this context, around other elements.
    pub(super) const fn context(number: u8) -> Self {
        Self(0xa0 | number)
    }

    /// Of this context, in place of another tag.
    pub(super) const fn implicit(number: u8) -> Self {
        Self(0x80 | number)
    }
}

/// Elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next element.
    pub(super) fn next(&mut self) -> Option<(Tag, &'a [u8])> {
        let [tag, first, rest @ ..] = self.0 else {
            return None;
        };
        let (length, rest) = match *first {
            short @ ..=0x7f => (usize::from(short), rest),
            0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
            0x82 => {
                let length = u16::from_be_bytes(rest.get(..2)?.try_into().ok()?);
                (usize::from(length), rest.get(2..)?)
            }
            // No certificate that TLS carries needs more.
            _ => return None,
        };
        let (element, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((Tag(*tag), element))
    }

    /// The next element, which has this tag.
    pub(super) fn take(&mut self, wanted: Tag) -> Option<&'a [u8]> {
        let (tag, element) = self.next()?;
        (tag == wanted).then_some(element)
    }

    /// What is inside the next element, which has this tag.
    pub(super) fn enter(&mut self, wanted: Tag) -> Option<Self> {
        self.take(wanted).map(Self)
    }

    pub(super) fn skip(&mut self) -> Option<()> {
        self.next().map(drop)
    }

    /// Skips the next element if it has this tag.
    pub(super) fn skip_if(&mut self, tag: Tag) -> Option<()> {
        if self.0.first() == Some(&tag.0) {
            self.skip()?;
        }
        Some(())
    }
}
