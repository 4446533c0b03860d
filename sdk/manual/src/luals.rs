//! Stubs for lua-language-server.

use std::fmt::Write as _;

use wit_parser::{Type, TypeDefKind, TypeId};

use crate::contract::{Contract, Function, Interface, camel, given, lua, may_be_left_out, optional};

/// What Lua sees otherwise than sdk/wit, or alone.
const OWN: &str = include_str!("own.lua");
/// Types that it tells.
pub(crate) const TOLD: [&str; 2] = ["event", "state"];

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
        if interface.functions.is_empty() {
            continue;
        }
        let name = lua(&interface.name);
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(out, "\n---{}\n---@class bellwether.{name}", interface.docs);
        if interface.name == "json" {
            out += "host.json = host.json or {}\n";
        } else {
            let _ = writeln!(out, "host.{name} = {{}}");
        }
        for function in &interface.functions {
            call(contract, interface, function, &mut out);
        }
    }
    out
}

fn define(contract: &Contract, interface: &Interface, name: &str, id: TypeId, out: &mut String) {
    let docs = contract.docs(id);
    let shown = shown(&interface.name, name);
    let _ = match contract.kind(id) {
        TypeDefKind::Enum(cases) => {
            let words: Vec<String> = cases
                .cases
                .iter()
                .map(|case| format!("\"{}\"", case.name))
                .collect();
            writeln!(out, "\n---@alias {shown} {}", words.join("|"))
        }
        TypeDefKind::Record(record) => {
            let _ = writeln!(out, "{}", format!("\n---@class {shown} {docs}").trim_end());
            for field in &record.fields {
                let (ty, is_optional) = optional(contract, field.ty);
                let is_optional = is_optional || may_be_left_out(contract, name, &field.ty);
                let mark = if is_optional { "?" } else { "" };
                let (ty, name) = (type_of(contract, &ty), lua(&field.name));
                let docs = crate::contract::words(&field.docs);
                let _ = writeln!(
                    out,
                    "{}",
                    format!("---@field {name}{mark} {ty} {docs}").trim_end()
                );
            }
            Ok(())
        }
        TypeDefKind::Resource => writeln!(out, "\n---@class {shown} {docs}\nlocal {} = {{}}", camel(name)),
        _ => Ok(()),
    };
}

fn shown(interface: &str, name: &str) -> String {
    match interface {
        "types" => format!("bellwether.{}", camel(name)),
        _ => format!("bellwether.{}.{}", lua(interface), camel(name)),
    }
}

fn call(contract: &Contract, interface: &Interface, function: &Function, out: &mut String) {
    let docs = &function.docs;
    if !docs.is_empty() {
        let _ = writeln!(out, "---{docs}");
    }
    let mut names = Vec::new();
    for (name, ty) in &function.parameters {
        let (inner, is_optional) = optional(contract, *ty);
        let mark = if is_optional { "?" } else { "" };
        let unit = if is_millis(contract, &inner) {
            " milliseconds"
        } else {
            ""
        };
        let name = lua(name);
        let _ = writeln!(out, "---@param {name}{mark} {}{unit}", type_of(contract, &inner));
        names.push(name);
    }
    if let Some(given) = given(contract, function) {
        let mark = if given.is_optional || given.may_fail {
            "?"
        } else {
            ""
        };
        let value = given
            .value
            .map_or_else(|| "true".to_owned(), |ty| type_of(contract, &ty));
        let _ = writeln!(out, "---@return {value}{mark}");
        if given.may_fail {
            out.push_str("---@return bellwether.Error? err\n");
        }
    }
    let (name, names) = (lua(&function.name), names.join(", "));
    let _ = match &function.of {
        Some(resource) => writeln!(out, "function {}:{name}({names}) end", camel(resource)),
        None => writeln!(out, "function host.{}.{name}({names}) end", lua(&interface.name)),
    };
}

fn is_millis(contract: &Contract, ty: &Type) -> bool {
    match ty {
        Type::Id(id) => contract.named(*id).is_some_and(|(_, name)| name == "millis"),
        _ => false,
    }
}

fn type_of(contract: &Contract, ty: &Type) -> String {
    let id = match ty {
        Type::Bool => return "boolean".to_owned(),
        Type::F32 | Type::F64 => return "number".to_owned(),
        Type::Char | Type::String => return "string".to_owned(),
        Type::Id(id) => *id,
        _ => return "integer".to_owned(),
    };
    let inner = |ty: &Type| type_of(contract, ty);
    match contract.kind(id) {
        TypeDefKind::List(Type::U8) => "string".to_owned(),
        TypeDefKind::List(item) => match pair(contract, item) {
            Some((key, value)) => format!("table<{}, {}>", inner(&key), inner(&value)),
            None => format!("{}[]", inner(item)),
        },
        TypeDefKind::Option(ty) => format!("{}?", inner(ty)),
        TypeDefKind::Variant(variant) => {
            let mut kinds: Vec<String> = variant
                .cases
                .iter()
                .filter_map(|case| case.ty.as_ref().map(inner))
                .collect();
            kinds.dedup();
            kinds.join("|")
        }
        // Microseconds are exact in a number of Lua, and go beyond its integers' 32 bits.
        TypeDefKind::Type(Type::U64) => "number".to_owned(),
        TypeDefKind::Type(ty) => inner(ty),
        TypeDefKind::Handle(wit_parser::Handle::Own(id) | wit_parser::Handle::Borrow(id)) => {
            inner(&Type::Id(*id))
        }
        _ => contract
            .named(id)
            .map_or_else(|| "any".to_owned(), |(interface, name)| shown(&interface, &name)),
    }
}

/// What a list of pairs maps to what: a table in Lua.
pub(crate) fn pair(contract: &Contract, item: &Type) -> Option<(Type, Type)> {
    let Type::Id(id) = item else { return None };
    match contract.kind(*id) {
        TypeDefKind::Tuple(tuple) => match tuple.types.as_slice() {
            [key, value] => Some((*key, *value)),
            _ => None,
        },
        _ => None,
    }
}
