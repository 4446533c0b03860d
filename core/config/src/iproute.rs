//! Routes and policy rules in the words of iproute2, as both languages write them: `default via 192.0.2.1 dev eth0`.

mod names;
mod route;
mod rule;
mod words;

pub use names::RouteNames;
pub(crate) use route::route;
pub(crate) use rule::{Priorities, rule};
pub(crate) use words::{Line, Mistake};

#[cfg(test)]
mod tests;
