//! Definitions for Luau's own type checker (luau-lsp: `--definitions`), which the plugins' `--!strict` asks for.

use std::fmt::Write as _;

use wit_parser::{Type, TypeDefKind, TypeId};

use crate::contract::{Contract, Function, Interface, camel, given, lua, may_be_left_out, optional};
use crate::luals::{TOLD, pair};

/// What Lua sees otherwise than sdk/wit, or alone.
const OWN: &str = include_str!("own.luau");

pub(crate) fn write(contract: &Contract) -> String {
    let mut out = OWN.to_owned();
    for interface in &contract.imports {
        for (name, id) in interface
            .types
            .iter()
            .filter(|(name, _)| !TOLD.contains(&name.as_str()))
        {
            define(contract, interface, name, *id, &mut out);
        }
    }
    out += "\ndeclare host: {\n";
    for interface in contract.imports.iter().filter(|one| !one.functions.is_empty()) {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(out, "  {}: {{", lua(&interface.name));
        for function in interface.functions.iter().filter(|one| one.of.is_none()) {
            let _ = writeln!(
                out,
                "    {}: {},",
                lua(&function.name),
                signature(contract, function, None)
            );
        }
        if interface.name == "json" {
            out += "    encode: (value: any) -> (string?, Error?),\n    decode: (text: string) -> (any, Error?),\n";
        }
        out += "  },\n";
    }
    out + "}\n"
}

fn define(contract: &Contract, interface: &Interface, name: &str, id: TypeId, out: &mut String) {
    let shown = shown(&interface.name, name);
    match contract.kind(id) {
        TypeDefKind::Enum(cases) => {
            let words: Vec<String> = cases
                .cases
                .iter()
                .map(|case| format!("\"{}\"", case.name))
                .collect();
            let _ = writeln!(out, "export type {shown} = {}", words.join(" | "));
        }
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter().map(|field| {
                let mark = if may_be_left_out(contract, name, &field.ty) {
                    "?"
                } else {
                    ""
                };
                format!("{}: {}{mark}", lua(&field.name), type_of(contract, &field.ty))
            });
            let _ = writeln!(
                out,
                "export type {shown} = {{ {} }}",
                fields.collect::<Vec<_>>().join(", ")
            );
        }
        TypeDefKind::Resource => {
            let _ = writeln!(out, "export type {shown} = {{");
            for method in interface
                .functions
                .iter()
                .filter(|one| one.of.as_deref() == Some(name))
            {
                let call = signature(contract, method, Some(&shown));
                let _ = writeln!(out, "  {}: {call},", lua(&method.name));
            }
            out.push_str("}\n");
        }
        _ => {}
    }
}

fn signature(contract: &Contract, function: &Function, this: Option<&str>) -> String {
    let this = this.map(|this| format!("self: {this}"));
    let rest = function
        .parameters
        .iter()
        .map(|(name, ty)| format!("{}: {}", lua(name), type_of(contract, ty)));
    let parameters: Vec<String> = this.into_iter().chain(rest).collect();
    let result = given(contract, function).map_or_else(
        || "()".to_owned(),
        |given| {
            let value = given
                .value
                .map_or_else(|| "true".to_owned(), |ty| type_of(contract, &ty));
            let mark = if given.is_optional || given.may_fail {
                "?"
            } else {
                ""
            };
            let value = if value.contains('|') {
                format!("({value})")
            } else {
                value
            };
            match given.may_fail {
                true => format!("({value}{mark}, Error?)"),
                false => format!("{value}{mark}"),
            }
        },
    );
    format!("({}) -> {result}", parameters.join(", "))
}

fn shown(interface: &str, name: &str) -> String {
    match interface {
        "types" => camel(name),
        _ => format!("{}{}", camel(interface), camel(name)),
    }
}

fn type_of(contract: &Contract, ty: &Type) -> String {
    let id = match ty {
        Type::Bool => return "boolean".to_owned(),
        Type::Char | Type::String => return "string".to_owned(),
        Type::Id(id) => *id,
        _ => return "number".to_owned(),
    };
    let (bare, is_optional) = optional(contract, *ty);
    if is_optional {
        return format!("{}?", type_of(contract, &bare));
    }
    let inner = |ty: &Type| type_of(contract, ty);
    match contract.kind(id) {
        TypeDefKind::List(Type::U8) => "string".to_owned(),
        TypeDefKind::List(item) => match pair(contract, item) {
            Some((key, value)) => format!("{{ [{}]: {} }}", inner(&key), inner(&value)),
            None => format!("{{ {} }}", inner(item)),
        },
        TypeDefKind::Variant(variant) => {
            let mut kinds: Vec<String> = variant
                .cases
                .iter()
                .filter_map(|case| case.ty.as_ref().map(inner))
                .collect();
            kinds.dedup();
            kinds.join(" | ")
        }
        TypeDefKind::Type(ty) => inner(ty),
        TypeDefKind::Handle(wit_parser::Handle::Own(id) | wit_parser::Handle::Borrow(id)) => {
            inner(&Type::Id(*id))
        }
        _ => contract
            .named(id)
            .map_or_else(|| "any".to_owned(), |(interface, name)| shown(&interface, &name)),
    }
}
