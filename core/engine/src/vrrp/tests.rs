//! The elections, on a clock of the tests' own. Instants are asserted, not only order.

mod addresses;
mod bounds;
mod conduct;
mod delays;
mod devices;
mod entries;
mod groups;
mod hostile;
mod kit;
mod letter;
mod machine;
mod model;
mod proof;
mod quiet;
mod receive;
mod reload;
mod sim;
mod stalls;
mod steady;
mod storm;
mod timers;
mod tracking;
mod traps;
