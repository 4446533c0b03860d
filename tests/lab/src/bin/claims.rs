//! Puts to the installed keepalived what is said of it, and prints what came of it. `claims [WORD]`: only claims whose
//! number or text has it.

use lab::claims::CLAIMS;
use lab::keepalived;

fn main() {
    let word = std::env::args().nth(1).unwrap_or_default();
    println!("\nWhat is said of keepalived, by {}:", keepalived::version());
    let chosen = CLAIMS
        .iter()
        .filter(|claim| claim.id.contains(&word) || claim.says.contains(&word));
    for claim in chosen {
        let found = claim.run();
        println!("\n{}  {}: {}", claim.id, found.verdict.word(), claim.says);
        println!("        sent: {}", found.sent);
        println!("        did:  {}", found.did);
    }
}
