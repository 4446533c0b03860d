use std::fmt;

/// Why a packet is no advert. One variant for each reason, so that each can be counted (VRRP-060).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// Shorter than its own count of addresses asks for (RFC 9568 §7.1).
    TooShort,
    /// Bytes after the end of the message.
    TooLong,
    /// Neither version 2 over IPv4 nor version 3.
    Version,
    /// Not an advert (§5.2.2).
    Type,
    /// VRID 0 (§5.2.3).
    Vrid,
    /// No address in it (§5.2.5, erratum 8299).
    NoAddresses,
    /// An interval of 0 (erratum 8301).
    ZeroInterval,
    /// The checksum is wrong in every form.
    Checksum,
    /// The first IPv6 address is not link-local (§5.2.9, erratum 8300).
    FirstAddress,
    /// An authentication type that nobody knows (RFC 3768 §5.3.6).
    AuthType,
    /// Its trailer is of an unknown kind.
    Trailer,
}

impl Refused {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::TooShort,
        Self::TooLong,
        Self::Version,
        Self::Type,
        Self::Vrid,
        Self::NoAddresses,
        Self::ZeroInterval,
        Self::Checksum,
        Self::FirstAddress,
        Self::AuthType,
        Self::Trailer,
    ];

    /// Name of its counter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Version => "version",
            Self::Type => "type",
            Self::Vrid => "vrid",
            Self::NoAddresses => "no_addresses",
            Self::ZeroInterval => "zero_interval",
            Self::Checksum => "checksum",
            Self::FirstAddress => "first_address",
            Self::AuthType => "auth_type",
            Self::Trailer => "trailer",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "it is shorter than its count of addresses asks for",
            Self::TooLong => "bytes follow the end of its message",
            Self::Version => "its version is not one that this family knows",
            Self::Type => "its type is not that of an advert",
            Self::Vrid => "its VRID is 0",
            Self::NoAddresses => "it has no addresses",
            Self::ZeroInterval => "its interval is 0",
            Self::Checksum => "its checksum is wrong",
            Self::FirstAddress => "its first address is not link-local",
            Self::AuthType => "its authentication type is unknown",
            Self::Trailer => "its trailer is of an unknown kind",
        })
    }
}

impl std::error::Error for Refused {}
