//! Prints the ledger: each clause with the tests that hold it, or why none does, and the sums.

use std::collections::BTreeMap;
use std::process::ExitCode;

use house::ledger::{self, Clause, LEDGER, Lack};
use house::tree;

fn main() -> ExitCode {
    let clauses = match ledger::clauses(&tree::text(LEDGER.as_ref())) {
        Ok(clauses) => clauses,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let marks = ledger::marks();
    let held = ledger::held(&marks);
    let mut sums: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for clause in &clauses {
        let tests = held
            .get(clause.id.as_str())
            .map(Vec::as_slice)
            .unwrap_or_default();
        print(clause, tests);
        *sums
            .entry(&clause.level)
            .or_default()
            .entry(word(clause))
            .or_default() += 1;
    }
    println!("\nlevel  held  partly  gap  absent");
    for (level, counts) in &sums {
        let [held, partly, gap, absent] =
            ["held", "partly", "gap", "absent"].map(|word| counts.get(word).copied().unwrap_or_default());
        println!("{level:<5}  {held:>4}  {partly:>6}  {gap:>3}  {absent:>6}");
    }
    ExitCode::SUCCESS
}

fn word(clause: &Clause) -> &'static str {
    match clause.lack {
        None => "held",
        Some(Lack::Partly(_)) => "partly",
        Some(Lack::Gap(_)) => "gap",
        Some(Lack::Absent(_)) => "absent",
    }
}

fn print(clause: &Clause, tests: &[String]) {
    let Clause {
        id,
        level,
        section,
        says,
        lack,
    } = clause;
    println!("{id} {level:<2} [{section}] {says}");
    for test in tests {
        println!("    {test}");
    }
    match lack {
        None => {}
        Some(Lack::Gap(why) | Lack::Absent(why) | Lack::Partly(why)) => {
            println!("    {}: {why}", word(clause))
        }
    }
}
