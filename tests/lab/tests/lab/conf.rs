//! Configurations that the tests share.

/// The virtual address of most tests.
pub(crate) const ADDRESS: &str = "192.0.2.100";
/// The one over IPv6.
pub(crate) const ADDRESS6: &str = "2001:db8::100";

/// The link-local address that stands before it.
pub(crate) const LINK_LOCAL6: &str = "fe80::100";

/// The instance `web` in keepalived's language, which both daemons read. `more` stands inside the instance.
pub(crate) fn keepalived(version: u8, priority: u8, more: &str) -> String {
    format!(
        "global_defs {{\n    vrrp_version {version}\n    script_user root\n    enable_script_security\n}}\n\
         vrrp_instance web {{\n    state BACKUP\n    interface eth0\n    virtual_router_id 51\n    \
         priority {priority}\n    advert_int 1\n    {more}\n    virtual_ipaddress {{\n        {ADDRESS}/24\n    }}\n}}\n"
    )
}

/// The instance `web` in our own language; `more` stands inside it.
pub(crate) fn web(priority: u8, more: &str) -> String {
    format!(
        "[instance.web]\ninterface = \"eth0\"\nvrid = 51\npriority = {priority}\nadvert_interval = \"200ms\"\n\
         addresses = [\"{ADDRESS}/24\"]\n{more}\n"
    )
}

/// The same over both families: `web`, and `web6` beside it, both with the VRID 51.
pub(crate) fn both(priority: u8, more: &str) -> String {
    format!(
        "{}[instance.web6]\ninterface = \"eth0\"\nvrid = 51\npriority = {priority}\nadvert_interval = \"200ms\"\n\
         addresses = [\"{LINK_LOCAL6}/64\", \"{ADDRESS6}/64\"]\n{more}\n",
        web(priority, more)
    )
}
