//! First part: an address that stays alive, whatever is done to the machine that holds it.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use model::transition::State;

use super::conf::{self, Shape};
use super::director::Part;
use super::net::{Machine, Net};
use super::process::Process;
use super::signals::Signals;
use super::stage::Stage;
use super::story::{Story, Tone};
use super::watch::Watch;
use super::{client, program, reloading};

/// Longest wait for anything expected.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// By how much an outage may exceed the protocol's bound before the demonstration fails: the machine may have other
/// things to do. What was seen is shown as it was.
const GRACE: Duration = Duration::from_millis(500);
/// Advertisement interval of the first acts, and of the last.
const SLOW: Duration = Duration::from_millis(100);
const FAST: Duration = Duration::from_millis(10);

/// Show it.
pub(super) fn show(story: &mut Story, keep: bool, signals: &Signals) -> Result<()> {
    let machines = [
        Machine::Lb1,
        Machine::Lb2,
        Machine::Client,
        Machine::Real(1),
        Machine::Real(2),
        Machine::Real(3),
    ];
    let net = Net::build(&machines, signals)?;
    if keep {
        net.keep_files();
    }
    let program = program()?;
    introduce(story);
    let mut stage = Stage::build(story, &program, net, &[Machine::Lb1, Machine::Lb2])?;
    for director in &stage.directors {
        conf::write(
            director,
            Shape {
                advert: SLOW,
                ..Shape::default()
            },
        )?;
    }
    let _servers = start_real_servers(&stage)?;
    begin(&mut stage)?;
    let act = "lb1 loses power: kill -9 of everything on it, both cables out";
    let since = lose_power(&mut stage, act, "lb1 loses power", SLOW)?;
    expect_hooks(&mut stage, since)?;
    heal(&mut stage)?;
    stop_gracefully(&mut stage)?;
    kill_parts(&mut stage)?;
    reloading::edit_plugin(&mut stage)?;
    reloading::edit_configuration(&mut stage, FAST)?;
    lose_power(
        &mut stage,
        "lb1 loses power again, now at 10 ms adverts",
        "power cut, 10 ms adverts",
        FAST,
    )
    .map(drop)
}

fn introduce(story: &mut Story) {
    let title = story.paint(Tone::Bold, "bellwether lab");
    story.say(&format!(
        "\n    {title}   real daemons in network namespaces of their own; nothing outside is touched\n"
    ));
    for line in [
        "client ──┬── lb1  priority 150 ──┬── rs1     the client asks 10.77.0.100 every 2 ms and counts",
        "         └── lb2  priority 100 ──┼── rs2     what stays without an answer",
        "                                 └── rs3",
    ] {
        let line = story.paint(Tone::Dim, line);
        story.say(&format!("    {line}"));
    }
}

/// A web server on each real server.
pub(super) fn start_real_servers(stage: &Stage<'_>) -> Result<Vec<Process>> {
    (1..=conf::REAL_SERVERS)
        .map(|n| start_real_server(stage, n))
        .collect()
}

/// The web server of one of them.
pub(super) fn start_real_server(stage: &Stage<'_>, n: u8) -> Result<Process> {
    let machine = Machine::Real(n);
    let mut command = stage.net.command(machine, &stage.program);
    command.args(["__lab-server", &machine.name(), "--http", "0.0.0.0:80"]);
    Process::start(&mut command)
}

fn begin(stage: &mut Stage<'_>) -> Result<()> {
    stage
        .story()
        .act("Two daemons start; both know the address, the better one is to hold it");
    let address = conf::ECHO.parse().expect("a constant");
    stage.watch = Some(Watch::start(&stage.net, &stage.program, address)?);
    for machine in [Machine::Lb1, Machine::Lb2] {
        stage.start(machine, conf::ECHO)?;
        stage
            .story()
            .deed(&machine.name(), "starts", "bellwether run -c conf.d");
    }
    stage.until(
        "lb1 to be Master, lb2 Backup and the client to be answered",
        PATIENCE,
        |stage| {
            stage.is_served_by(Machine::Lb1)
                && stage.state(Machine::Lb1) == Some(State::Master)
                && stage.state(Machine::Lb2) == Some(State::Backup)
        },
    )?;
    stage.linger(Duration::from_millis(300));
    stage.row(
        true,
        "election",
        "lb1",
        "lb1 Master, lb2 Backup",
        "the higher priority",
    );
    let status = stage.director(Machine::Lb1).status.as_ref();
    if let Some(message) = status.and_then(|status| status.ipvs.message.clone()) {
        stage.story().note(&format!(
            "lb1 says: {message}; elections and checks go on without."
        ));
    }
    Ok(())
}

/// When it lost power.
fn lose_power(stage: &mut Stage<'_>, act: &str, event: &str, advert: Duration) -> Result<SystemTime> {
    let (bound, skew) = (
        down_interval(advert, conf::PRIORITY_LB2),
        skew(advert, conf::PRIORITY_LB2),
    );
    stage.story().act(act);
    stage.story().note(&format!(
        "lb2 has to wait 3 adverts and its skew time after the last one: 3 x {} + {}",
        ms(advert),
        ms(skew)
    ));
    let (at, killed) = stage.directors[0].kill_everything(&stage.net);
    stage.net.unplug(Machine::Lb1)?;
    let text = format!("{killed} processes: its daemon, and what answers on the address");
    stage.story().event(at, "lb1", ("kill -9", Tone::Deed), &text);
    let outage = wait_for_service(stage, Machine::Lb2, at, true)?;
    // Its own clock beside the client's: a busy machine can be late with an answer, the election is not.
    let cause = stage.directors[1]
        .instance()
        .map_or("", |instance| instance.cause.as_str());
    let timer = cause.rsplit(' ').next().unwrap_or_default();
    let seen = format!("lb2 after {} (timer {timer})", ms(outage));
    let expected = format!("within {} (RFC 9568)", ms(bound));
    stage.row(outage <= bound + GRACE, event, "lb2", &seen, &expected);
    Ok(at)
}

fn expect_hooks(stage: &mut Stage<'_>, since: SystemTime) -> Result<()> {
    stage.until("lb2's hooks to have run", PATIENCE, |stage| {
        stage.was_told(since, Machine::Lb2, "script", "INSTANCE web MASTER 100")
            && stage.was_told(since, Machine::Lb2, "hook", "is MASTER")
    })?;
    stage.row(
        true,
        "hooks at the takeover",
        "lb2",
        "a script and a Lua hook ran",
        "both",
    );
    Ok(())
}

fn heal(stage: &mut Stage<'_>) -> Result<()> {
    stage.story().act("lb1 is plugged in again, as new, and preempts");
    let since = SystemTime::now();
    stage.net.plug_in(Machine::Lb1)?;
    stage.start(Machine::Lb1, conf::ECHO)?;
    stage.story().deed("lb1", "boots", "bellwether run -c conf.d");
    let outage = wait_for_service(stage, Machine::Lb1, since, false)?;
    let seen = format!("lb1 after {}", ms(outage));
    stage.row(outage <= GRACE, "lb1 is back", "lb1", &seen, "a few ms at most");
    Ok(())
}

fn stop_gracefully(stage: &mut Stage<'_>) -> Result<()> {
    stage
        .story()
        .act("lb1's daemon is stopped gracefully: it says so, and nobody has to wait for its silence");
    let bound = skew(SLOW, conf::PRIORITY_LB2);
    let since = SystemTime::now();
    stage.story().deed("lb1", "stops", "SIGTERM");
    stage.director(Machine::Lb1).stop(PATIENCE)?;
    let outage = wait_for_service(stage, Machine::Lb2, since, false)?;
    let seen = format!("lb2 after {}", ms(outage));
    let expected = format!("within {} (skew time)", ms(bound));
    stage.row(outage <= bound + GRACE, "graceful stop", "lb2", &seen, &expected);
    let since = SystemTime::now();
    stage.start(Machine::Lb1, conf::ECHO)?;
    stage.story().deed("lb1", "starts", "bellwether run -c conf.d");
    wait_for_service(stage, Machine::Lb1, since, false).map(drop)
}

fn kill_parts(stage: &mut Stage<'_>) -> Result<()> {
    stage
        .story()
        .act("Only a part of lb1's daemon dies: a crash is not a failover");
    kill_part(stage, Part::Worker)?;
    kill_part(stage, Part::Router)
}

fn kill_part(stage: &mut Stage<'_>, part: Part) -> Result<()> {
    let word = part.word();
    let since = SystemTime::now();
    let before = verdicts(stage);
    let killed = stage.directors[0].kill(&stage.net, part);
    let killed = killed.with_context(|| format!("lb1 has no {word} to kill"))?;
    let text = format!("its {word}, process {killed}");
    stage.story().event(since, "lb1", ("kill -9", Tone::Deed), &text);
    stage.until(&format!("a new {word}, with fresh verdicts"), PATIENCE, |stage| {
        let lb1 = &stage.directors[0];
        let now = lb1.process(&stage.net, part);
        // A new router counts from 0 again.
        let floor = if part == Part::Router { 0 } else { before };
        now.is_some_and(|now| now != killed) && lb1.was_heard(since) && verdicts(stage) > floor
    })?;
    stage.linger(Duration::from_millis(600));
    let lost = stage.lost(since);
    let stayed = stage.is_served_by(Machine::Lb1)
        && stage.state(Machine::Lb1) == Some(State::Master)
        && stage.state(Machine::Lb2) == Some(State::Backup);
    let state = if stayed { "still Master" } else { "not Master" };
    let seen = format!("lb1 {state}, {lost} questions lost");
    stage.row(
        stayed && lost == 0,
        &format!("{word} killed"),
        "lb1",
        &seen,
        "nothing moves",
    );
    Ok(())
}

/// Verdicts on lb1's servers so far.
fn verdicts(stage: &Stage<'_>) -> u64 {
    let status = stage
        .directors
        .first()
        .and_then(|director| director.status.as_ref());
    let services = status
        .map(|status| status.services.as_slice())
        .unwrap_or_default();
    services
        .iter()
        .flat_map(|service| &service.servers)
        .flat_map(|server| &server.checks)
        .map(|check| check.verdicts)
        .sum()
}

/// Wait until `machine` holds the address and the client knows; how long the client was without an answer.
fn wait_for_service(
    stage: &mut Stage<'_>,
    machine: Machine,
    since: SystemTime,
    is_cut: bool,
) -> Result<Duration> {
    let what = format!("{} to be Master and to answer the client", machine.name());
    stage.until(&what, PATIENCE, |stage| {
        stage.is_served_by(machine)
            && stage.state(machine) == Some(State::Master)
            && (!is_cut || stage.outage(since) > Duration::ZERO)
    })?;
    // Hooks run now, and a question may still be lost.
    stage.linger(Duration::from_millis(400));
    Ok(stage.outage(since))
}

/// Skew_Time of a Backup (RFC 9568 §6.1).
fn skew(advert: Duration, priority: u8) -> Duration {
    advert * (256 - u32::from(priority)) / 256
}

/// Active_Down_Interval of a Backup (RFC 9568 §6.1).
fn down_interval(advert: Duration, priority: u8) -> Duration {
    3 * advert + skew(advert, priority)
}

fn ms(time: Duration) -> String {
    format!("{} ms", to_ms(time))
}

/// Whole milliseconds; any beginning one counts but the resolution of the client.
fn to_ms(time: Duration) -> u128 {
    debug_assert!(
        client::CADENCE >= Duration::from_millis(1),
        "the client's resolution is what is shown"
    );
    (time + Duration::from_micros(500)).as_millis()
}

#[cfg(test)]
mod tests;
