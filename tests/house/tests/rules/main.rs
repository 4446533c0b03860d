//! The rules of the house. Each failure names file, line and rule.

mod arrows;
mod ledger;
mod makefile;
mod purity;
mod sizes;
mod supply;
mod top;
mod words;
