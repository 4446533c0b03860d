//! Runs the suite and prints who passes which scenario beside whom. `suite [WORD]`: only scenarios whose name has it.

use std::cell::RefCell;
use std::panic;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use lab::suite::{self, SCENARIOS, Scenario};
use lab::{Make, bellwether, frr, keepalived};

/// Networks at once: they mostly wait.
const LANES: usize = 2;
const PEERS: [Make; 3] = [Make::Ours, Make::Keepalived, Make::Frr];

/// A scenario beside a peer.
struct Cell {
    scenario: &'static Scenario,
    peer: Make,
    runs: usize,
    failures: Vec<String>,
    remarks: Vec<String>,
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

fn main() -> ExitCode {
    let word = std::env::args().nth(1).unwrap_or_default();
    panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("it panicked").to_owned();
        PANIC.set(info.location().map_or(text.clone(), |at| format!("{at}: {text}")));
    }));
    let chosen: Vec<&Scenario> = SCENARIOS
        .iter()
        .filter(|scenario| scenario.name.contains(&word))
        .collect();
    let cells = run_all(&chosen);
    print(&chosen, &cells);
    if cells.iter().all(|cell| cell.failures.is_empty()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run_all(chosen: &[&'static Scenario]) -> Vec<Cell> {
    let jobs = chosen
        .iter()
        .flat_map(|scenario| PEERS.map(|peer| (*scenario, peer)))
        .filter(|(scenario, peer)| scenario.has(*peer));
    let jobs: Mutex<Vec<_>> = Mutex::new(jobs.rev().collect());
    let done = Mutex::new(Vec::new());
    let take = || jobs.lock().ok()?.pop();
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                while let Some((scenario, peer)) = take() {
                    let cell = run(scenario, peer);
                    if let Ok(mut done) = done.lock() {
                        done.push(cell);
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_default()
}

fn run(scenario: &'static Scenario, peer: Make) -> Cell {
    let cases = scenario.cases(peer);
    let runs = cases.len();
    let mut failures = Vec::new();
    for case in cases {
        eprintln!("{}: {case}", scenario.name);
        if panic::catch_unwind(|| scenario.run(case)).is_err() {
            failures.push(format!("{}: {case}: {}", scenario.name, PANIC.take()));
        }
    }
    Cell {
        scenario,
        peer,
        runs,
        failures,
        remarks: suite::take_remarks(),
    }
}

fn print(chosen: &[&Scenario], cells: &[Cell]) {
    let versions = [bellwether::version(), keepalived::version(), frr::version()];
    println!("\nus: {}\npeers: {}\n", versions[0], versions.join(", "));
    println!(
        "{:4} {:42} {:12} {:12} {:12}",
        "", "scenario", "bellwether", "keepalived", "FRR"
    );
    for scenario in chosen {
        let words = PEERS.map(|peer| {
            let same = |cell: &&Cell| std::ptr::eq(cell.scenario, *scenario) && cell.peer == peer;
            match cells.iter().find(same) {
                None => "-".to_owned(),
                Some(cell) if cell.failures.is_empty() => format!("ok ({})", cell.runs),
                Some(cell) => format!("NOT ({} of {})", cell.failures.len(), cell.runs),
            }
        });
        println!(
            "{:4} {:42} {:12} {:12} {:12}",
            scenario.numbers, scenario.name, words[0], words[1], words[2]
        );
    }
    println!("\nIn brackets: how many runs, by form of the adverts and by which side is ours. -: not run.");
    for line in cells.iter().flat_map(|cell| &cell.remarks) {
        println!("  {line}");
    }
    for line in cells.iter().flat_map(|cell| &cell.failures) {
        println!("NOT {line}");
    }
}
