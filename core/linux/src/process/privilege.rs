//! Giving up what a process does not need.

use rustix::io;
use rustix::process::{Gid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set, clear_ambient_capability_set,
    configure_capability_in_ambient_set, remove_capability_from_bounding_set, set_capabilities,
    set_keep_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

/// Capabilities, as a set. `CapabilitySet::NET_ADMIN | CapabilitySet::NET_RAW` for example.
pub use rustix::thread::CapabilitySet as Capabilities;

/// Lets neither this thread nor what it becomes gain privileges by exec.
///
/// # Errors
/// On kernels older than 3.5.
pub fn no_new_privs() -> std::io::Result<()> {
    Ok(set_no_new_privs(true)?)
}

/// Becomes another user, without supplementary groups, and keeps exactly the capabilities in `keep` (of those there
/// are), across exec too. Concerns the calling thread only: call it while there is one.
///
/// # Errors
/// When user or group may not be changed (CAP_SETUID, CAP_SETGID).
pub fn drop_to(user: Option<(u32, u32)>, keep: Capabilities) -> std::io::Result<()> {
    Ok(apply(user, Some(keep))?)
}

/// As above; `None` keeps what the change of user leaves. Makes no allocation and takes no lock, so that it may run
/// between fork and exec.
pub(super) fn apply(user: Option<(u32, u32)>, keep: Option<Capabilities>) -> io::Result<()> {
    if let Some(keep) = keep {
        bound(keep);
        set_keep_capabilities(true)?;
    }
    if let Some((uid, gid)) = user {
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        set_thread_groups(&[])?;
        set_thread_res_gid(gid, gid, gid)?;
        set_thread_res_uid(uid, uid, uid)?;
    }
    let Some(keep) = keep else { return Ok(()) };
    set_keep_capabilities(false)?;
    let keep = keep & capabilities(None)?.permitted;
    set_capabilities(
        None,
        CapabilitySets {
            effective: keep,
            permitted: keep,
            inheritable: keep,
        },
    )?;
    // Best effort beside the rest: absent before Linux 4.3.
    let _ = clear_ambient_capability_set();
    for capability in each(keep) {
        configure_capability_in_ambient_set(capability, true)?;
    }
    Ok(())
}

/// Drops all but `keep` from the bounding set, where that is allowed (CAP_SETPCAP): else root would have them again
/// after the next exec.
pub(crate) fn bound(keep: Capabilities) {
    for capability in each(CapabilitySet::from_bits_retain(u64::MAX)) {
        if !keep.contains(capability) && capability_is_in_bounding_set(capability) == Ok(true) {
            // Without CAP_SETPCAP we are not root, and no_new_privs or the missing capability itself must do.
            let _ = remove_capability_from_bounding_set(capability);
        }
    }
}

fn each(set: CapabilitySet) -> impl Iterator<Item = CapabilitySet> {
    (0..64)
        .map(|bit| CapabilitySet::from_bits_retain(1 << bit))
        .filter(move |one| set.contains(*one))
}
