mod drain;
mod keeper;
mod quorum;
mod random;
mod reload;
mod world;
