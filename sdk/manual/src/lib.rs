//! Writes, from the contract in sdk/wit, what authors read: the stubs of Lua for editors (lua-language-server and
//! Luau), and the reference manual. The contract is the only source; a test holds that what is committed is what this
//! writes.

mod contract;
mod luals;
mod luau;
mod markdown;

pub use contract::Contract;

/// A file of this project and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// From the root of the project.
    pub path: &'static str,
    /// All of it.
    pub text: String,
}

/// Everything that is written from the contract.
pub fn pages(contract: &Contract) -> Vec<Page> {
    vec![
        Page {
            path: "sdk/lua/bellwether.lua",
            text: luals::write(contract),
        },
        Page {
            path: "sdk/lua/bellwether.d.luau",
            text: luau::write(contract),
        },
        Page {
            path: "docs/host-api.md",
            text: markdown::write(contract),
        },
    ]
}
