//! What a realistic check costs: processor time of the threads that run plugins, above that of the same host calls made
//! by native code, beside a shell that is started as keepalived's MISC_CHECK starts one.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use hostcall::kv::Scope;
use hostcall::log::Level;
use hostcall::node::Instances;
use hostcall::{Call, Host, Services};
use model::plan::Limits;
use model::probe::Status;
use plugin::{Platform, Roots};

use super::process::{spent, spent_by_plugins};
use super::rig;

const ROUNDS: u32 = 250;
/// Checks at once.
const ABREAST: u32 = 16;
const PROGRAMS: u32 = 200;
const WARM_UP: u32 = 20;

/// Measures and prints.
pub(super) async fn measure() -> Result<()> {
    let address = rig::server()?;
    let native = native(address)?;
    // Both live to the end: threads that end take their account along.
    let in_lua = rig::with("check.lua", rig::CHECK.into(), Limits::default()).await?;
    let lua = check(&in_lua, "real", address).await?;
    let component = rig::with("probe.wasm", rig::component()?, Limits::default()).await?;
    let wasm = check(&component, "real", address).await?;
    print(native, lua, wasm, programs()?);
    drop((in_lua, component));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn print(native: f64, lua: f64, wasm: f64, program: f64) {
    println!(
        "\nA check that connects, reads twice, writes, counts and logs: microseconds of processor time, {} of each\n",
        ROUNDS * ABREAST
    );
    println!(
        "{:<36}{:>10}{:>12}{:>16}{:>18}",
        "", "in all", "overhead", "at most", "sh -c true to it"
    );
    let row = |name: &str, all: f64, most: &str| {
        println!(
            "{name:<36}{all:>10.1}{:>12.1}{most:>16}{:>17.0}x",
            all - native,
            program / all
        );
    };
    row("the same host calls in Rust", native, "");
    row("Lua", lua, "8");
    row("WebAssembly", wasm, "30");
    println!("{:<36}{program:>10.1}  from its start to its end", "sh -c true");
}

/// Microseconds of a check by a plugin.
async fn check(platform: &Platform, act: &str, address: SocketAddr) -> Result<f64> {
    rounds(platform, act, address, WARM_UP).await?;
    let before = spent_by_plugins()?;
    rounds(platform, act, address, ROUNDS).await?;
    Ok(each(spent_by_plugins()?.saturating_sub(before)))
}

async fn rounds(platform: &Platform, act: &str, address: SocketAddr, rounds: u32) -> Result<()> {
    let one = |n: u32| async move {
        for _ in 0..rounds {
            let verdict = platform.ask(rig::ask("it", n as usize, act, Some(address))).await;
            ensure!(verdict.status == Status::Up, "{}", verdict.reason);
        }
        Ok(())
    };
    try_join_all((0..ABREAST).map(one)).await.map(drop)
}

/// Microseconds of the same calls without a plugin, on a thread of their own.
fn native(address: SocketAddr) -> Result<f64> {
    let work = move || -> Result<f64> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            native_rounds(address, WARM_UP).await?;
            let before = spent("native")?;
            native_rounds(address, ROUNDS).await?;
            Ok(each(spent("native")?.saturating_sub(before)))
        })
    };
    let thread = std::thread::Builder::new()
        .name("native".to_owned())
        .spawn(work)?;
    thread.join().ok().context("the native checks broke off")?
}

async fn native_rounds(address: SocketAddr, rounds: u32) -> Result<()> {
    let services = Services {
        broker: rig::broker(),
        roots: Roots::from_der([]),
        observer: None,
        instances: Instances::default(),
    };
    let plan = rig::plan("native", "native.lua", Limits::default());
    let host = Host::new(
        "native".into(),
        plan.grants,
        plan.limits,
        services,
        Arc::default(),
    );
    let host = Arc::new(host);
    let one = |n: u32| {
        let host = Arc::clone(&host);
        async move {
            for _ in 0..rounds {
                let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
                native_check(
                    Call::new(Arc::clone(&host), format!("n{n}"), Some(address), deadline),
                    address,
                )
                .await?;
            }
            Ok(())
        }
    };
    try_join_all((0..ABREAST).map(one)).await.map(drop)
}

async fn native_check(call: Call, address: SocketAddr) -> Result<()> {
    let mut connection = call
        .connect(&address.ip().to_string(), address.port(), None)
        .await?;
    connection.read_until(&call, b"\n", 100, None).await?;
    connection.write(&call, b"ping\r\n", None).await?;
    connection.read_until(&call, b"\n", 100, None).await?;
    connection.close();
    call.kv_increment(Scope::Target, "n", 1)?;
    call.log(Level::Debug, "looked");
    Ok(())
}

/// Microseconds that starting a shell and waiting for it takes.
fn programs() -> Result<f64> {
    let began = Instant::now();
    for _ in 0..PROGRAMS {
        Command::new("/bin/sh").args(["-c", "true"]).status()?;
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / f64::from(PROGRAMS))
}

/// Microseconds of one of all.
fn each(all: Duration) -> f64 {
    all.as_secs_f64() * 1e6 / f64::from(ROUNDS * ABREAST)
}
