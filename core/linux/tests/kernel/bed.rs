//! A network namespace for one test, with what is needed in it.

#![allow(unsafe_code, reason = "a thread changes its namespace")]

use std::net::IpAddr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::{PoisonError, RwLock};

use futures_util::TryStreamExt;
use ipnet::IpNet;
use linux::monitor::Monitor;
use linux::presence::Presence;
use linux::tables::{Change, Done, Tables};
use model::fact::LinkFact;
use model::ids::{LinkIndex, LinkName};
use model::plan::AddressOptions;
use rtnetlink::{Handle, LinkUnspec, LinkVeth};
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Two interfaces joined by a wire, both up, without IPv6 addresses of their own making.
pub(crate) struct Wire {
    pub(crate) left: LinkIndex,
    pub(crate) right: LinkIndex,
}

/// Runs a test in a fresh network namespace, on a thread of its own with a tokio runtime.
pub(crate) fn run<F: Future<Output = ()>>(test: impl FnOnce(Handle) -> F + Send) {
    let _beside_others = NUMBER.read().unwrap_or_else(PoisonError::into_inner);
    inside(test);
}

/// As [`run`], while no other test of this process runs: for those that give the process a number, which is one for all
/// its threads.
pub(crate) fn run_alone<F: Future<Output = ()>>(test: impl FnOnce(Handle) -> F + Send) {
    let _alone = NUMBER.write().unwrap_or_else(PoisonError::into_inner);
    inside(test);
    // Whoever takes over the number 0 is one without a number, as the other tests are.
    let name = SocketAddr::from_abstract_name("bellwether/0").expect("a name");
    let none = UnixListener::bind_addr(&name).expect("free");
    Presence::inherited(none.into()).expect("a presence");
}

/// Held by those who give this process a number.
static NUMBER: RwLock<()> = RwLock::new(());

fn inside<F: Future<Output = ()>>(test: impl FnOnce(Handle) -> F + Send) {
    std::thread::scope(|scope| {
        let inside = || {
            // JUSTIFICATION: a namespace for one thread alone can be had in no other way.
            // SAFETY: only this thread changes its network namespace; no descriptor table is unshared.
            unsafe { unshare_unsafe(UnshareFlags::NEWNET) }
                .expect("a network namespace: these tests need root (CAP_SYS_ADMIN)");
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let (connection, handle, _) = rtnetlink::new_connection().expect("rtnetlink");
                tokio::spawn(connection);
                test(handle).await;
            });
        };
        if let Err(panic) = scope.spawn(inside).join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Makes a wire between two new interfaces.
pub(crate) async fn wire(handle: &Handle, left: &str, right: &str) -> Wire {
    handle
        .link()
        .add(LinkVeth::new(left, right).build())
        .execute()
        .await
        .expect("a veth pair");
    for name in [left, right] {
        // Else link-local addresses come and go as they like, and take a second to be usable.
        sysctl(&format!("net/ipv6/conf/{name}/addr_gen_mode"), "1");
        sysctl(&format!("net/ipv6/conf/{name}/accept_dad"), "0");
    }
    let wire = Wire {
        left: index(handle, left).await,
        right: index(handle, right).await,
    };
    up(handle, wire.left, true).await;
    up(handle, wire.right, true).await;
    wait_until_up(wire.left).await;
    wait_until_up(wire.right).await;
    wire
}

/// Until the kernel has told that there is a carrier, an interface drops what is sent on it.
pub(crate) async fn wait_until_up(link: LinkIndex) {
    let mut monitor = Monitor::start().await.expect("a monitor");
    let is_up = |fact: &LinkFact| fact.index == link && fact.up;
    while !monitor.links().iter().any(is_up) {
        monitor.next().await.expect("the monitor lives");
    }
}

/// Sets an interface up or down.
pub(crate) async fn up(handle: &Handle, link: LinkIndex, up: bool) {
    let message = LinkUnspec::new_with_index(link.0);
    let message = if up { message.up() } else { message.down() };
    handle
        .link()
        .set(message.build())
        .execute()
        .await
        .expect("an interface that obeys");
}

/// Puts an address on by rtnetlink's own means.
pub(crate) async fn put(handle: &Handle, link: LinkIndex, address: &str, prefix: u8) -> IpAddr {
    let address: IpAddr = address.parse().expect("an address");
    handle
        .address()
        .add(link.0, address, prefix)
        .execute()
        .await
        .expect("an address put on");
    // Tentative, even without detection, until the kernel gets round to it.
    let mut monitor = Monitor::start().await.expect("a monitor");
    let usable =
        |fact: &LinkFact| fact.index == link && fact.addresses.iter().any(|net| net.addr() == address);
    while !monitor.links().iter().any(usable) {
        monitor.next().await.expect("the monitor lives");
    }
    address
}

/// Writes a sysctl of this namespace.
pub(crate) fn sysctl(path: &str, value: &str) {
    std::fs::write(format!("/proc/sys/{path}"), value).unwrap_or_else(|error| panic!("{path}: {error}"));
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// What iproute2 says in this namespace.
pub(crate) fn ip_says(arguments: &[&str]) -> String {
    let said = std::process::Command::new("ip").args(arguments).output();
    let said = said.expect("iproute2");
    assert!(said.status.success(), "{said:?}");
    String::from_utf8(said.stdout).expect("text").replace(" \n", "\n")
}

pub(crate) fn name(text: &str) -> LinkName {
    LinkName::from(text)
}

/// The interface with this name.
pub(crate) async fn index(handle: &Handle, name: &str) -> LinkIndex {
    let mut found = handle.link().get().match_name(name.to_owned()).execute();
    LinkIndex(
        found
            .try_next()
            .await
            .expect("an answer")
            .expect("an interface")
            .header
            .index,
    )
}

/// Makes one change.
pub(crate) fn change(change: Change<'_>) -> Result<Done, String> {
    let mut tables = Tables::open().expect("rtnetlink");
    tables.apply(&[change]).pop().expect("one answer")
}

/// Puts an address on, without anything special.
pub(crate) fn add(link: LinkIndex, net: IpNet) -> Result<Done, String> {
    change(Change::AddAddress(link, net, &AddressOptions::default()))
}

/// Takes an address off.
pub(crate) fn remove(link: LinkIndex, net: IpNet) -> Result<Done, String> {
    change(Change::RemoveAddress(link, net))
}
