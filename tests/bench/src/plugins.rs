//! Plugins: what a check costs beside a program that is started for it, what those that wait cost, what a hostile one
//! costs the others, and whether a swap delays anybody.

mod cost;
mod daemon;
mod native;
mod others;
mod process;
mod rig;
mod stop;
mod swaps;
mod waiting;

use anyhow::Result;

use crate::settings::Settings;

/// Measures all of it and prints the tables.
pub(crate) fn measure(settings: &Settings) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        cost::measure().await?;
        waiting::measure().await?;
        stop::measure().await?;
        swaps::measure().await?;
        others::measure(settings.hostile).await
    })?;
    daemon::measure()
}
