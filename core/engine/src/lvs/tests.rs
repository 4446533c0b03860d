mod drain;
mod keeper;
mod life;
mod quorum;
mod random;
mod reload;
mod successor;
mod world;
