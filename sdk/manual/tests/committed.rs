//! What is committed is what the contract says.

use std::fs;
use std::path::Path;

#[test]
fn stubs_and_manual_are_written_from_the_contract() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("sdk/wit/bellwether.wit")).expect("there");
    let contract = manual::Contract::parse(&text).expect("good WIT");
    for page in manual::pages(&contract) {
        let committed = fs::read_to_string(root.join(page.path)).unwrap_or_default();
        assert!(
            committed == page.text,
            "{} is not what sdk/wit says; write it anew with `cargo run -p manual`",
            page.path
        );
    }
}
