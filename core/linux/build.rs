//! Builds the small library that stands between User-Mode Linux and this host; `src/uml/registers.c` says why.

use std::path::Path;

const SOURCE: &str = "src/uml/registers.c";

fn main() {
    println!("cargo::rerun-if-changed={SOURCE}");
    let out = std::env::var_os("OUT_DIR").expect("cargo sets it");
    let library = Path::new(&out).join("registers.so");
    // Only where User-Mode Linux exists, which is where its registers have these names.
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch != "x86_64") {
        std::fs::write(library, []).expect("cargo's own directory can be written");
        return;
    }
    let mut command = cc::Build::new().get_compiler().to_command();
    command.args([
        "-O2", "-shared", "-fPIC", "-Wall", "-Werror", SOURCE, "-ldl", "-o",
    ]);
    let status = command.arg(&library).status().expect("a C compiler is there");
    assert!(status.success(), "cannot compile {SOURCE}: {status}");
}
