//! What a router leaves for its successor, in memory that outlives it: a heartbeat, and its last words.
//!
//! The guardian makes the memory and keeps it; routers inherit it. One writes, others may read at any time. A writer
//! that dies in the middle of a word leaves the word before it.
#![allow(unsafe_code, reason = "memory shared between processes")]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use model::time::Instant;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fstat, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// Bytes of the whole journal.
pub const SIZE: usize = 1 << 20;

/// Bytes of the longest entry.
pub const ENTRY_MAX: usize = SLOT - SLOT_HEADER;

/// First eight bytes: tells a journal, and its layout, from other memory.
const MAGIC: u64 = 0x0001_6c6c_6577_6c62;

// The layout, in bytes from the start. All numbers are native 64-bit words; nobody but this machine reads them.
const AT_MAGIC: usize = 0;
const AT_HEARTBEAT: usize = 8;
const HEADER: usize = 64;
const SLOT: usize = (SIZE - HEADER) / 2;
const SLOT_HEADER: usize = 64;
/// In a slot: its sequence number (0: nothing in it), length and checksum.
const AT_SEQUENCE: usize = 0;
const AT_LENGTH: usize = 8;
const AT_CHECKSUM: usize = 16;

/// The shared memory. Not to be written by two at a time.
#[derive(Debug)]
pub struct Journal {
    fd: OwnedFd,
    memory: NonNull<u8>,
}

// SAFETY: the memory is a mapping that any thread may use; shared access goes through atomics and raw copies whose
// result is verified by a checksum.
unsafe impl Send for Journal {}

impl Journal {
    /// Makes a new, empty journal. Its descriptor is closed at exec; who shall inherit it gets it passed.
    ///
    /// # Errors
    /// When the kernel has no memfd, or no memory.
    pub fn create() -> io::Result<Self> {
        let fd = memfd_create(
            "bellwether-journal",
            MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
        )?;
        ftruncate(&fd, SIZE as u64)?;
        // A router must not be able to shrink it under the guardian's feet.
        fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        let journal = Self::map(fd)?;
        journal.word(AT_MAGIC).store(MAGIC, Ordering::Release);
        Ok(journal)
    }

    /// Opens an inherited journal.
    ///
    /// # Errors
    /// When the descriptor is no journal of this layout.
    pub fn from_fd(fd: OwnedFd) -> io::Result<Self> {
        let not_ours = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the descriptor is no journal of this version",
            )
        };
        if usize::try_from(fstat(&fd)?.st_size) != Ok(SIZE) {
            return Err(not_ours());
        }
        let journal = Self::map(fd)?;
        if journal.word(AT_MAGIC).load(Ordering::Acquire) != MAGIC {
            return Err(not_ours());
        }
        Ok(journal)
    }

    /// Notes that the writer is alive. One store, no call of the kernel.
    pub fn heartbeat(&self, now: Instant) {
        self.word(AT_HEARTBEAT).store(now.as_nanos(), Ordering::Release);
    }

    /// The last heartbeat; `None` before the first.
    pub fn last_heartbeat(&self) -> Option<Instant> {
        match self.word(AT_HEARTBEAT).load(Ordering::Acquire) {
            0 => None,
            nanos => Some(Instant::from_nanos(nanos)),
        }
    }

    /// Replaces the entry. The one before it stays whole until this one is.
    ///
    /// # Errors
    /// When it is longer than [`ENTRY_MAX`].
    pub fn store(&self, entry: &[u8]) -> io::Result<()> {
        if entry.len() > ENTRY_MAX {
            let message = format!(
                "a journal entry of {} bytes does not fit {ENTRY_MAX}",
                entry.len()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let newest = self.newest();
        let sequence = newest.as_ref().map_or(1, |(_, sequence, _)| sequence + 1);
        let slot = newest.map_or(0, |(slot, ..)| 1 - slot);
        let word = |at| self.word(slot_at(slot) + at);
        word(AT_SEQUENCE).store(0, Ordering::Relaxed);
        // No byte of the new entry may be seen under the old number.
        fence(Ordering::SeqCst);
        self.write(slot, entry);
        word(AT_LENGTH).store(entry.len() as u64, Ordering::Relaxed);
        word(AT_CHECKSUM).store(checksum(sequence, entry), Ordering::Relaxed);
        word(AT_SEQUENCE).store(sequence, Ordering::Release);
        Ok(())
    }

    /// The last entry that was stored whole.
    pub fn load(&self) -> Option<Vec<u8>> {
        // A second look, when a living writer was overtaken between the two slots.
        self.newest().or_else(|| self.newest()).map(|(_, _, entry)| entry)
    }

    /// The descriptor, to be inherited.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn newest(&self) -> Option<(usize, u64, Vec<u8>)> {
        let entries = [0, 1].into_iter().filter_map(|slot| {
            let (sequence, entry) = self.read(slot)?;
            Some((slot, sequence, entry))
        });
        entries.max_by_key(|(_, sequence, _)| *sequence)
    }

    /// An entry, if it is whole.
    fn read(&self, slot: usize) -> Option<(u64, Vec<u8>)> {
        let word = |at| self.word(slot_at(slot) + at);
        let sequence = word(AT_SEQUENCE).load(Ordering::Acquire);
        let length = usize::try_from(word(AT_LENGTH).load(Ordering::Relaxed)).ok()?;
        if sequence == 0 || length > ENTRY_MAX {
            return None;
        }
        let mut entry = vec![0; length];
        // JUSTIFICATION: another process may write meanwhile, so that no reference may be made; see the checksum.
        // SAFETY: length is at most ENTRY_MAX, so that the source lies within the mapping.
        unsafe {
            self.memory
                .add(slot_at(slot) + SLOT_HEADER)
                .copy_to_nonoverlapping(NonNull::new_unchecked(entry.as_mut_ptr()), length)
        };
        fence(Ordering::SeqCst);
        (word(AT_CHECKSUM).load(Ordering::Relaxed) == checksum(sequence, &entry)).then_some((sequence, entry))
    }

    fn write(&self, slot: usize, entry: &[u8]) {
        debug_assert!(entry.len() <= ENTRY_MAX, "checked by the caller");
        // JUSTIFICATION: another process may read meanwhile, so that no reference may be made.
        // SAFETY: the entry is at most ENTRY_MAX long, so that the target lies within the mapping; it is not part of
        // the mapping itself, as no reference into that is ever given out.
        unsafe {
            std::ptr::copy_nonoverlapping(
                entry.as_ptr(),
                self.memory.add(slot_at(slot) + SLOT_HEADER).as_ptr(),
                entry.len(),
            );
        }
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(8) && at + 8 <= SIZE, "a word of the journal");
        // JUSTIFICATION: an atomic in shared memory can be had in no other way.
        // SAFETY: the mapping begins at a page, so that the word is aligned; it is SIZE long and lives as long as
        // self; words are only ever touched as atomics.
        unsafe { AtomicU64::from_ptr(self.memory.add(at).as_ptr().cast()) }
    }

    fn map(fd: OwnedFd) -> io::Result<Self> {
        // JUSTIFICATION: memory shared with another process is mapped, in all the wrappers that there are.
        // SAFETY: the kernel chooses the address; the file is SIZE long, and sealed against shrinking.
        let memory = unsafe {
            mmap(
                std::ptr::null_mut(),
                SIZE,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &fd,
                0,
            )
        }?;
        let memory =
            NonNull::new(memory.cast()).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))?;
        Ok(Self { fd, memory })
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // JUSTIFICATION: what was mapped by hand is unmapped by hand.
        // SAFETY: it was mapped with this address and length, and no reference into it outlives self.
        let unmapped = unsafe { munmap(self.memory.as_ptr().cast(), SIZE) };
        debug_assert!(unmapped.is_ok(), "a mapping of our own");
    }
}

fn slot_at(slot: usize) -> usize {
    HEADER + slot * SLOT
}

/// Finds torn writes, not attackers: eight bytes at a time, each mixed into all bits.
fn checksum(sequence: u64, bytes: &[u8]) -> u64 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |sum: u64, word: u64| {
        let sum = (sum ^ word).wrapping_mul(MIX);
        sum ^ (sum >> 32)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words
        .iter()
        .fold(step(sequence, bytes.len() as u64), |sum, word| {
            step(sum, u64::from_le_bytes(*word))
        });
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    step(sum, u64::from_le_bytes(last))
}

#[cfg(test)]
mod tests;
