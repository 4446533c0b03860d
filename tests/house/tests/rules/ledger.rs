//! The ledger of clauses and the tests say the same.

use std::collections::BTreeSet;
use std::path::PathBuf;

use house::ledger::{self, LEDGER, Lack};
use house::{Breach, hold, tree};

fn clauses() -> Vec<ledger::Clause> {
    ledger::clauses(&tree::text(LEDGER.as_ref())).expect("a ledger that can be read")
}

#[test]
fn every_clause_is_held_or_says_why_not() {
    let marks = ledger::marks();
    let held = ledger::held(&marks);
    let breach = |rule| Breach {
        file: PathBuf::from(LEDGER),
        line: 0,
        rule,
    };
    let mut breaches = Vec::new();
    for clause in clauses() {
        let id = &clause.id;
        let is_held = held.contains_key(id.as_str());
        breaches.extend(match clause.lack {
            None | Some(Lack::Partly(_)) if !is_held => Some(breach(format!(
                "no test holds {id}; mark one, or say gap and why"
            ))),
            Some(Lack::Gap(_) | Lack::Absent(_)) if is_held => Some(breach(format!(
                "{id} is held by a test; take its gap away, or say partly"
            ))),
            None | Some(_) => None,
        });
    }
    hold(breaches);
}

#[test]
fn markers_stand_on_tests() {
    let lost = ledger::marks().into_iter().filter(|mark| mark.test.is_none());
    hold(
        lost.map(|mark| Breach {
            file: mark.file,
            line: mark.line,
            rule: "this marker stands above no test; put it directly above one".to_owned(),
        })
        .collect(),
    );
}

#[test]
fn clauses_that_are_named_exist() {
    let known: BTreeSet<String> = clauses().into_iter().map(|clause| clause.id).collect();
    let mut breaches = Vec::new();
    for file in tree::tracked() {
        let named = file.extension().is_some_and(|e| e == "rs" || e == "md");
        // The ledger's own tests name clauses of no ledger.
        if !named || file.starts_with("tests/house/src") {
            continue;
        }
        for (n, line) in tree::text(&file).lines().enumerate() {
            for id in ledger::mentioned(line)
                .into_iter()
                .filter(|id| !known.contains(id))
            {
                breaches.push(Breach {
                    file: file.clone(),
                    line: n + 1,
                    rule: format!("the ledger has no clause {id}"),
                });
            }
        }
    }
    hold(breaches);
}
