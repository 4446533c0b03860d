//! The reference manual.

use std::fmt::Write as _;

use wit_parser::{TypeDefKind, TypeId};

use crate::contract::{Contract, Function, Interface, camel, lua, optional, wit, words};

pub(crate) fn write(contract: &Contract) -> String {
    let mut out = format!(
        "# The host API\n\n{}\n\nThis page is written from sdk/wit/bellwether.wit by `cargo run -p manual`. It is version {} of \
         the API. A component says in its imports which version it wants; a Lua plugin may say it with `api = \"0.1\"` in \
         the table that it returns.\n\nIn Lua what the world answers comes back as `nil, err`, and a mistake of the plugin \
         (`denied`, `invalid`) is raised. A list of bytes is a string, a list of pairs a table by name, and what is absent \
         is nil.\n\n",
        contract.docs, contract.version
    );
    out += "| interface | granted by |\n|---|---|\n";
    for interface in contract.imports.iter().filter(|one| !one.functions.is_empty()) {
        let first = interface.docs.split(['.', ',']).next().unwrap_or_default();
        let first = first.trim_start_matches("Granted by ");
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(out, "| [{0}](#{0}) | {first} |", interface.name);
    }
    for interface in contract.imports.iter().chain(&contract.exports) {
        one(contract, interface, &mut out);
    }
    out
}

fn one(contract: &Contract, interface: &Interface, out: &mut String) {
    let _ = writeln!(out, "\n## {}\n\n{}", interface.name, interface.docs);
    for (name, id) in &interface.types {
        define(contract, name, *id, out);
    }
    for function in &interface.functions {
        call(contract, interface, function, out);
    }
}

fn define(contract: &Contract, name: &str, id: TypeId, out: &mut String) {
    let docs = contract.docs(id);
    let rows: Vec<(String, String, String)> = match contract.kind(id) {
        TypeDefKind::Enum(cases) => {
            let row =
                |case: &wit_parser::EnumCase| (format!("`{}`", case.name), String::new(), words(&case.docs));
            cases.cases.iter().map(row).collect()
        }
        TypeDefKind::Record(record) => {
            let row = |field: &wit_parser::Field| {
                (
                    format!("`{}`", lua(&field.name)),
                    wit(contract, &field.ty),
                    words(&field.docs),
                )
            };
            record.fields.iter().map(row).collect()
        }
        TypeDefKind::Variant(variant) => {
            let row = |case: &wit_parser::Case| {
                let ty = case.ty.as_ref().map(|ty| wit(contract, ty)).unwrap_or_default();
                (format!("`{}`", case.name), ty, words(&case.docs))
            };
            variant.cases.iter().map(row).collect()
        }
        _ => return,
    };
    let _ = writeln!(
        out,
        "\n**{name}**{}{docs}\n\n| | | |\n|---|---|---|",
        if docs.is_empty() { "" } else { ": " }
    );
    for (name, ty, docs) in rows {
        let ty = if ty.is_empty() { ty } else { format!("`{ty}`") };
        let _ = writeln!(out, "| {name} | {ty} | {docs} |");
    }
}

fn call(contract: &Contract, interface: &Interface, function: &Function, out: &mut String) {
    let shown: Vec<String> = function
        .parameters
        .iter()
        .map(|(name, ty)| format!("{name}: {}", wit(contract, ty)))
        .collect();
    let result = function
        .result
        .as_ref()
        .map(|ty| format!(" -> {}", wit(contract, ty)))
        .unwrap_or_default();
    let names: Vec<String> = function
        .parameters
        .iter()
        .map(|(name, ty)| {
            format!(
                "{}{}",
                lua(name),
                if optional(contract, *ty).1 { "?" } else { "" }
            )
        })
        .collect();
    let (name, names) = (lua(&function.name), names.join(", "));
    let in_lua = match (&function.of, crate::contract::is_export(&interface.name)) {
        (Some(resource), _) => format!("{}:{name}({names})", camel(resource).to_lowercase()),
        (None, true) => format!("{name}({names})"),
        (None, false) => format!("host.{}.{name}({names})", lua(&interface.name)),
    };
    let _ = writeln!(
        out,
        "\n### `{in_lua}`\n\n`{}: func({}){result}`",
        function.name,
        shown.join(", ")
    );
    if !function.docs.is_empty() {
        let _ = writeln!(out, "\n{}", function.docs);
    }
}
