//! Second part: the kernel's balancer, and real servers that leave its table and come back.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};

use super::conf::{self, Shape};
use super::elections::{PATIENCE, start_real_server, start_real_servers};
use super::net::{Machine, Net};
use super::process::Process;
use super::seen::Seen;
use super::signals::Signals;
use super::stage::Stage;
use super::story::{Story, Tone};
use super::{machine, program};

/// Weights of the real servers, to begin with and afterwards.
const WEIGHTS: [u32; 3] = [3, 2, 1];
const CHANGED: [u32; 3] = [1, 1, 4];

/// Whether this kernel can balance: it has the table, or a module for it.
pub(super) fn kernel_has_it() -> bool {
    if !Path::new(TABLE).exists() {
        // Whether that helped is seen below; a kernel without modules has no modprobe either.
        let _ = Command::new("modprobe")
            .arg("ip_vs")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
    Path::new(TABLE).exists()
}

/// Show it, here or in User-Mode Linux.
pub(super) fn show(story: &mut Story, keep: bool, signals: &Signals) -> Result<()> {
    if !kernel_has_it() {
        story.act("This kernel has no ip_vs: booting User-Mode Linux, where the rest happens");
        return machine::show_inside(story, &program()?);
    }
    let machines = [
        Machine::Lb1,
        Machine::Client,
        Machine::Real(1),
        Machine::Real(2),
        Machine::Real(3),
    ];
    let net = Net::build(&machines, signals)?;
    if keep {
        net.keep_files();
    }
    let mut stage = Stage::build(story, &program()?, net, &[Machine::Lb1])?;
    let shape = Shape {
        weights: WEIGHTS,
        ..Shape::default()
    };
    conf::write(&stage.directors[0], shape)?;
    let mut servers = start_real_servers(&stage)?;
    balance(&mut stage, shape)?;
    lose_server(&mut stage, &mut servers)?;
    change_weights(&mut stage)
}

fn balance(stage: &mut Stage<'_>, shape: Shape) -> Result<()> {
    stage
        .story()
        .act("lb1 balances three real servers in the kernel, by weight");
    stage.start(Machine::Lb1, conf::ECHO)?;
    stage.story().deed("lb1", "starts", "bellwether run -c conf.d");
    wait_for_table(stage, &shape.weights)?;
    stage.linger(Duration::from_millis(500));
    show_table(stage)?;
    show_answers(stage, "balancing", &shape.weights)
}

fn lose_server(stage: &mut Stage<'_>, servers: &mut Vec<Process>) -> Result<()> {
    stage.story().act("A real server dies, and comes back");
    let bound = conf::CHECK_INTERVAL * conf::FALL;
    let since = SystemTime::now();
    drop(servers.remove(1));
    stage
        .story()
        .event(since, "rs2", ("kill -9", Tone::Deed), "its web server");
    wait_for_table(stage, &[WEIGHTS[0], 0, WEIGHTS[2]])?;
    let took = since.elapsed().unwrap_or_default();
    show_table(stage)?;
    // A check that has just passed is followed by `fall` failures, each at most its timeout late.
    let expected = format!("{} ms (fall x interval)", bound.as_millis());
    let good = took <= bound + Duration::from_secs(2);
    let seen = format!("out of the table after {} ms", took.as_millis());
    stage.row(good, "real server dies", "rs2", &seen, &expected);
    show_answers(stage, "without rs2", &[WEIGHTS[0], 0, WEIGHTS[2]])?;

    let since = SystemTime::now();
    servers.push(start_real_server(stage, 2)?);
    stage.story().deed("rs2", "starts", "its web server");
    wait_for_table(stage, &WEIGHTS)?;
    let took = since.elapsed().unwrap_or_default();
    let seen = format!("in the table after {} ms", took.as_millis());
    stage.row(
        true,
        "real server is back",
        "rs2",
        &seen,
        "at its next good check",
    );
    show_answers(stage, "with rs2 again", &WEIGHTS)
}

fn change_weights(stage: &mut Stage<'_>) -> Result<()> {
    stage.story().act("Weights are edited in conf.d");
    conf::write_balancing(
        &stage.directors[0],
        Shape {
            weights: CHANGED,
            ..Shape::default()
        },
    )?;
    stage
        .story()
        .deed("lb1", "saves", "20-balancing.toml with weights 1, 1 and 4");
    wait_for_table(stage, &CHANGED)?;
    show_answers(stage, "new weights", &CHANGED)
}

/// Wait until the kernel's table holds exactly the servers whose weight is not 0, with these weights, and lb1's daemon
/// says the same.
fn wait_for_table(stage: &mut Stage<'_>, weights: &[u32]) -> Result<()> {
    let all = (1..).zip(weights).filter(|(_, weight)| **weight > 0);
    let wanted: BTreeMap<String, u32> = all
        .map(|(n, weight)| (format!("10.78.0.1{n}"), *weight))
        .collect();
    stage.until(
        &format!("the kernel's table to hold {wanted:?}"),
        PATIENCE,
        |stage| told(stage) == wanted && table(stage).is_ok_and(|table| parse(&table) == wanted),
    )
}

/// Real servers and weights as lb1's daemon tells them, those left out that no plugin was heard about yet.
fn told(stage: &Stage<'_>) -> BTreeMap<String, u32> {
    let services = stage.directors[0]
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.services);
    let servers = services.iter().flat_map(|service| &service.servers);
    let judged = servers.filter(|server| server.checks.iter().all(|check| check.generation > 0));
    judged
        .filter_map(|server| Some((server.server.trim_end_matches(":80").to_owned(), server.weight?)))
        .collect()
}

/// The kernel's table as lb1 has it.
fn table(stage: &Stage<'_>) -> Result<String> {
    // Every process sees the network of its own namespace there; lb1's guardian is always at hand.
    let guardian = stage.directors[0].guardian().context("lb1's daemon runs")?;
    let path = format!("/proc/{guardian}/net/ip_vs");
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
}

fn show_table(stage: &mut Stage<'_>) -> Result<()> {
    let rows = parse(&table(stage)?);
    stage.story().event(
        SystemTime::now(),
        "lb1",
        ("ip_vs", Tone::Plain),
        &format!("tcp {} wrr", conf::SERVICE),
    );
    for (server, weight) in rows {
        stage
            .story()
            .block(&format!("-> {server}:80  masq  weight {weight}"));
    }
    Ok(())
}

/// Real servers and weights in `/proc/net/ip_vs`, whose addresses are in hexadecimal.
fn parse(table: &str) -> BTreeMap<String, u32> {
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["->", server, _, weight, ..] = words.as_slice() else {
            return None;
        };
        let (address, _) = server.split_once(':')?;
        let address = Ipv4Addr::from(u32::from_str_radix(address, 16).ok()?);
        Some((address.to_string(), weight.parse().ok()?))
    };
    table.lines().filter_map(row).collect()
}

/// Ask the service as often as gives each server its share, and hold the answers against the weights.
fn show_answers(stage: &mut Stage<'_>, event: &str, weights: &[u32]) -> Result<()> {
    const ROUNDS: u32 = 4;
    let times = (ROUNDS * weights.iter().sum::<u32>()).to_string();
    let mut command = stage.net.command(Machine::Client, &stage.program);
    let output = command
        .args(["__lab-client", "--http", conf::SERVICE, "--times", &times])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = |line| match Seen::parse(line)? {
        Seen::Answers { name, count } => Some((name, count)),
        _ => None,
    };
    let answers: BTreeMap<String, u32> = text.lines().filter_map(answer).collect();
    let all = (1..).zip(weights).filter(|(_, weight)| **weight > 0);
    let wanted: BTreeMap<String, u32> = all
        .map(|(n, weight)| (format!("rs{n}"), weight * ROUNDS))
        .collect();
    let counts: Vec<String> = answers
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let weights: Vec<String> = weights.iter().map(u32::to_string).collect();
    let seen = format!("{times} requests: {}", counts.join(", "));
    stage.row(
        answers == wanted,
        event,
        "lb1",
        &seen,
        &format!("weights {}", weights.join(" : ")),
    );
    Ok(())
}

const TABLE: &str = "/proc/net/ip_vs";

#[cfg(test)]
mod tests;
