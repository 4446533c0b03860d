//! What passes a door between two rooms: what is wanted ([`plan`]), what happened ([`fact`]), what is to be done
//! ([`effect`]), and the frames that cross a process boundary ([`link`]).
//!
//! This room holds names and units and decides nothing. A type lives here only because two rooms that may not know
//! each other both need it.

pub mod declared;
pub mod ids;
pub mod net;
pub mod route;
pub mod time;
pub mod units;
pub mod value;

pub mod plan;

pub mod effect;
pub mod fact;
pub mod ipvs;
pub mod probe;
pub mod seal;
pub mod transition;

pub mod link;
pub mod status;
