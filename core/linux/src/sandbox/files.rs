//! Files: landlock, by which a process gives up rights on paths.

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// Lets the process read, and nothing else: no writing, making, removing, running.
pub(super) fn restrict() -> Result<(), String> {
    match try_restrict() {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(()),
        Ok(RulesetStatus::NotEnforced) => Err(String::from(
            "files are not confined: the kernel has no landlock (CONFIG_SECURITY_LANDLOCK, lsm=)",
        )),
        Err(error) => Err(format!("files are not confined: {error}")),
    }
}

fn try_restrict() -> Result<RulesetStatus, RulesetError> {
    let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))?
        // Signals and abstract sockets of processes outside (Linux 6.12).
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()?;
    let ruleset = match PathFd::new("/") {
        Ok(root) => ruleset.add_rule(PathBeneath::new(root, read))?,
        // Without the rule nothing can be read either, which is safe.
        Err(_) => ruleset,
    };
    Ok(ruleset.restrict_self()?.ruleset)
}
