//! A run aside: new code answers a question that the code which serves was asked, before it is asked itself. Nobody
//! hears the answer. What matters is whether it could give one.

use std::sync::Arc;
use std::time::Duration;

use hostcall::Call;
use model::probe::Ask;
use tokio::time::{Instant, timeout_at};

use crate::bench::{Blame, Fault};
use crate::lua;
use crate::slot::{Code, Slot};
use crate::subject;
use crate::wasm::After;

/// Longest time for it: others wait to be loaded.
const LONGEST: Duration = Duration::from_secs(5);

/// Has `code` answer what was asked of `slot` lately, if anything was.
///
/// # Errors
/// How it failed by its own doing. What the world did is no reason against new code.
pub(crate) fn run(slot: &Slot, code: &Code) -> Result<(), String> {
    let Some(ask) = slot.lately() else { return Ok(()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("{}: cannot try it: {error}", slot.file()))?;
    match runtime.block_on(answer(slot, code, &ask)) {
        Err(fault) if fault.blame != Blame::World => {
            let told = slot.host.without_secrets(&fault.text).into_owned();
            Err(format!(
                "{told} (tried aside, before it was asked for {})",
                subject::about(&ask.subject)
            ))
        }
        _ => Ok(()),
    }
}

async fn answer(slot: &Slot, code: &Code, ask: &Ask) -> Result<(), Fault> {
    let limits = &slot.plan.limits;
    let deadline = Instant::now() + ask.timeout.min(LONGEST);
    let host = Arc::new(slot.host.aside());
    let call = Call::new(host, subject::about(&ask.subject), ask.target, deadline);
    let work = async {
        match code {
            Code::Lua(chunk) => {
                let state = lua::State::new(chunk, limits)?;
                state.check(lua::Run::new(call), ask, limits.cpu).await
            }
            Code::Wasm(guest) => guest.check(call, ask, limits, After::End).await,
        }
    };
    // One that takes too long may wait for a server that is gone.
    timeout_at(deadline, work)
        .await
        .map_or(Ok(()), |result| result.map(drop))
}
