//! System calls: seccomp, by which a process gives up whole parts of the kernel.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::SeccompCmpOp::{MaskedEq, Ne};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
    apply_filter_all_threads,
};

/// linux/net.h; an obsolete way to whole frames.
const SOCK_PACKET: i32 = 10;

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Never needed by a worker, and each a way out or into somebody else. Refused with EPERM.
const DENIED: &[c_long] = &[
    // Programs and processes.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_kcmp,
    libc::SYS_personality,
    // Namespaces and file systems.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_quotactl,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_mknodat,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    // The kernel itself.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_lookup_dcookie,
    libc::SYS_vhangup,
    libc::SYS_setpriority,
    libc::SYS_ioprio_set,
    // A second door to most of the above.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Users.
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setgroups,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_capset,
];

#[cfg(target_arch = "x86_64")]
const DENIED_HERE: &[c_long] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_mknod,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
    libc::SYS_kexec_file_load,
];
#[cfg(not(target_arch = "x86_64"))]
const DENIED_HERE: &[c_long] = &[];

/// Ways to change files that are no opening. Only where landlock is missing.
const WRITES: &[c_long] = &[
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mkdirat,
    libc::SYS_truncate,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
];
#[cfg(target_arch = "x86_64")]
const WRITES_HERE: &[c_long] = &[
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_creat,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
];
#[cfg(not(target_arch = "x86_64"))]
const WRITES_HERE: &[c_long] = &[];

/// Refuses the calls above, of all threads; with `writes`, those that change files too.
pub(super) fn restrict(writes: bool) -> Result<(), String> {
    try_restrict(writes).map_err(|error| {
        format!("system calls are not confined: {error}; needs a kernel with seccomp filters (CONFIG_SECCOMP_FILTER)")
    })
}

fn try_restrict(writes: bool) -> Result<(), Box<dyn std::error::Error>> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let mut refused: Rules = DENIED
        .iter()
        .chain(DENIED_HERE)
        .map(|call| (*call, Vec::new()))
        .collect();
    refused.insert(libc::SYS_socket, socket_rules()?);
    // Sockets that others made for us are pairs of a family that is harmless; pairs of others do not exist.
    refused.insert(libc::SYS_clone, vec![new_process()?]);
    if writes {
        refused.extend(WRITES.iter().chain(WRITES_HERE).map(|call| (*call, Vec::new())));
        refused.insert(libc::SYS_openat, opens_to_write(2)?);
        #[cfg(target_arch = "x86_64")]
        refused.insert(libc::SYS_open, opens_to_write(1)?);
    }
    // Their flags are in memory, where a filter cannot look. "Not there" makes libc take the older call.
    let unknown: Rules = [libc::SYS_clone3, libc::SYS_openat2]
        .into_iter()
        .map(|call| (call, Vec::new()))
        .collect();
    let programs = [
        other_abi(),
        program(unknown, libc::ENOSYS, arch)?,
        program(refused, libc::EPERM, arch)?,
    ];
    for program in programs.iter().filter(|program| !program.is_empty()) {
        apply_filter_all_threads(program)?;
    }
    Ok(())
}

fn program(rules: Rules, errno: i32, arch: TargetArch) -> Result<BpfProgram, Box<dyn std::error::Error>> {
    let refuse = SeccompAction::Errno(u32::try_from(errno)?);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?;
    Ok(filter.try_into()?)
}

/// A clone without CLONE_THREAD.
fn new_process() -> Result<SeccompRule, seccompiler::BackendError> {
    let thread = u64::try_from(libc::CLONE_THREAD).expect("a single bit");
    SeccompRule::new(vec![SeccompCondition::new(
        0,
        SeccompCmpArgLen::Qword,
        MaskedEq(thread),
        0,
    )?])
}

/// Families other than unix, IPv4 and IPv6; types that see or make whole packets.
fn socket_rules() -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let is_not =
        |family: i32| SeccompCondition::new(0, SeccompCmpArgLen::Dword, Ne, u64::from(family.unsigned_abs()));
    let is_type = |kind: i32| {
        // The low four bits are the type, the rest flags (linux/net.h: SOCK_TYPE_MASK).
        SeccompCondition::new(
            1,
            SeccompCmpArgLen::Dword,
            MaskedEq(0xf),
            u64::from(kind.unsigned_abs()),
        )
    };
    Ok(vec![
        SeccompRule::new(vec![
            is_not(libc::AF_UNIX)?,
            is_not(libc::AF_INET)?,
            is_not(libc::AF_INET6)?,
        ])?,
        SeccompRule::new(vec![is_type(libc::SOCK_RAW)?])?,
        SeccompRule::new(vec![is_type(SOCK_PACKET)?])?,
    ])
}

/// An open whose flags, the argument at `index`, ask for more than reading.
fn opens_to_write(index: u8) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let flag = |bit: i32| {
        let bit = u64::from(bit.unsigned_abs());
        SeccompRule::new(vec![SeccompCondition::new(
            index,
            SeccompCmpArgLen::Dword,
            MaskedEq(bit),
            bit,
        )?])
    };
    [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC]
        .into_iter()
        .map(flag)
        .collect()
}

/// Refuses the x32 calls of x86_64: other numbers for the same doors, which the filters above do not know.
#[cfg(target_arch = "x86_64")]
fn other_abi() -> BpfProgram {
    use seccompiler::sock_filter;
    const X32: u32 = 0x4000_0000;
    const RET_ALLOW: u32 = 0x7fff_0000;
    const RET_ERRNO: u32 = 0x0005_0000;
    let errno = RET_ERRNO | libc::ENOSYS.unsigned_abs();
    vec![
        // The number of the call stands first in struct seccomp_data.
        sock_filter {
            code: 0x20,
            jt: 0,
            jf: 0,
            k: 0,
        },
        sock_filter {
            code: 0x35,
            jt: 0,
            jf: 1,
            k: X32,
        },
        sock_filter {
            code: 0x06,
            jt: 0,
            jf: 0,
            k: errno,
        },
        sock_filter {
            code: 0x06,
            jt: 0,
            jf: 0,
            k: RET_ALLOW,
        },
    ]
}

#[cfg(not(target_arch = "x86_64"))]
fn other_abi() -> BpfProgram {
    Vec::new()
}
