//! Users and groups by name, from /etc/passwd and /etc/group. Accounts of a directory service are to be given by
//! number: a router must not depend on the network to start.

use std::fs;

/// User and primary group. A number stands for itself, with the group of that user if it is listed, else the same
/// number.
pub fn lookup_user(name: &str) -> Option<(u32, u32)> {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    find_user(&passwd, name)
}

/// A group. A number stands for itself.
pub fn lookup_group(name: &str) -> Option<u32> {
    let group = fs::read_to_string("/etc/group").unwrap_or_default();
    find_group(&group, name)
}

fn find_user(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let number: Option<u32> = name.parse().ok();
    let listed = passwd.lines().find_map(|line| {
        // passwd(5): name, password, uid, gid.
        let mut fields = line.split(':');
        let found = fields.next()?;
        let uid: u32 = fields.nth(1)?.parse().ok()?;
        let gid: u32 = fields.next()?.parse().ok()?;
        (found == name || number == Some(uid)).then_some((uid, gid))
    });
    listed.or(number.map(|id| (id, id)))
}

fn find_group(group: &str, name: &str) -> Option<u32> {
    let listed = group.lines().find_map(|line| {
        // group(5): name, password, gid.
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        fields.nth(1)?.parse().ok()
    });
    listed.or_else(|| name.parse().ok())
}

#[cfg(test)]
mod tests;
