//! The contract as a reader wants it: interfaces in the order they stand, with what they offer and the words beside it.

use anyhow::Context as _;
use wit_parser::{Docs, FunctionKind, InterfaceId, Resolve, Type, TypeDefKind, TypeId};

/// The parsed contract.
pub struct Contract {
    pub(crate) resolve: Resolve,
    /// As `0.1.0`.
    pub(crate) version: String,
    /// What is said of the whole.
    pub(crate) docs: String,
    /// Those that the host offers, then those that a plugin exports.
    pub(crate) imports: Vec<Interface>,
    pub(crate) exports: Vec<Interface>,
}

/// Functions and types under one name.
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) types: Vec<(String, TypeId)>,
    pub(crate) functions: Vec<Function>,
}

/// Something that can be called.
pub(crate) struct Function {
    pub(crate) name: String,
    /// The resource whose method it is.
    pub(crate) of: Option<String>,
    pub(crate) docs: String,
    pub(crate) parameters: Vec<(String, Type)>,
    pub(crate) result: Option<Type>,
}

impl Contract {
    /// Reads the contract.
    ///
    /// # Errors
    /// When it is not good WIT.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut resolve = Resolve::default();
        let id = resolve.push_source("bellwether.wit", text)?;
        let package = &resolve.packages[id];
        let version = package
            .name
            .version
            .as_ref()
            .context("the package has no version")?;
        let (version, docs) = (version.to_string(), words(&package.docs));
        let all: Vec<Interface> = package
            .interfaces
            .iter()
            .map(|(name, id)| interface(&resolve, name, *id))
            .collect();
        let (exports, imports) = all.into_iter().partition(|interface| is_export(&interface.name));
        Ok(Self {
            resolve,
            version,
            docs,
            imports,
            exports,
        })
    }

    pub(crate) fn kind(&self, id: TypeId) -> &TypeDefKind {
        &self.resolve.types[id].kind
    }

    pub(crate) fn docs(&self, id: TypeId) -> String {
        words(&self.resolve.types[id].docs)
    }

    /// A type's name and its interface's, following `use`.
    pub(crate) fn named(&self, id: TypeId) -> Option<(String, String)> {
        let definition = &self.resolve.types[id];
        if let TypeDefKind::Type(Type::Id(inner)) = definition.kind {
            return self.named(inner);
        }
        let wit_parser::TypeOwner::Interface(owner) = definition.owner else {
            return None;
        };
        let interface = self.resolve.interfaces[owner].name.clone()?;
        Some((interface, definition.name.clone()?))
    }
}

/// Interfaces that plugins export.
const EXPORTS: [&str; 4] = ["described", "checker", "hook", "keeper"];

pub(crate) fn is_export(interface: &str) -> bool {
    EXPORTS.contains(&interface)
}

fn interface(resolve: &Resolve, name: &str, id: InterfaceId) -> Interface {
    let found = &resolve.interfaces[id];
    // What `use` brings in is told where it is defined.
    let own = found
        .types
        .iter()
        .filter(|(_, id)| !matches!(resolve.types[**id].kind, TypeDefKind::Type(Type::Id(_))));
    let functions = found.functions.values().map(|function| {
        let of = match function.kind {
            FunctionKind::Method(resource) => resolve.types[resource].name.clone(),
            _ => None,
        };
        let short = function.name.rsplit('.').next().unwrap_or_default();
        let parameters = function.params.iter().skip(usize::from(of.is_some()));
        Function {
            name: short.to_owned(),
            of,
            docs: words(&function.docs),
            parameters: parameters.map(|one| (one.name.clone(), one.ty)).collect(),
            result: function.result,
        }
    });
    Interface {
        name: name.to_owned(),
        docs: words(&found.docs),
        types: own.map(|(name, id)| (name.clone(), *id)).collect(),
        functions: functions.collect(),
    }
}

/// Comments on one line.
pub(crate) fn words(docs: &Docs) -> String {
    let text = docs.contents.as_deref().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The type as sdk/wit writes it.
pub(crate) fn wit(contract: &Contract, ty: &Type) -> String {
    let Type::Id(id) = ty else {
        return format!("{ty:?}").to_lowercase();
    };
    let inner = |ty: &Type| wit(contract, ty);
    match contract.kind(*id) {
        TypeDefKind::Option(ty) => format!("option<{}>", inner(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", inner(ty)),
        TypeDefKind::Tuple(tuple) => {
            let parts: Vec<String> = tuple.types.iter().map(inner).collect();
            format!("tuple<{}>", parts.join(", "))
        }
        TypeDefKind::Result(result) => {
            let part = |ty: &Option<Type>| ty.as_ref().map_or_else(|| "_".to_owned(), inner);
            format!("result<{}, {}>", part(&result.ok), part(&result.err))
        }
        TypeDefKind::Handle(wit_parser::Handle::Own(id) | wit_parser::Handle::Borrow(id)) => {
            contract.resolve.types[*id].name.clone().unwrap_or_default()
        }
        _ => contract.resolve.types[*id].name.clone().unwrap_or_default(),
    }
}

/// Whether Lua may leave a field out although sdk/wit has no option for it: of what is handed to the host, an empty list
/// and false are what is absent.
pub(crate) fn may_be_left_out(contract: &Contract, record: &str, ty: &Type) -> bool {
    let is_empty = match ty {
        Type::Bool => true,
        Type::Id(id) => matches!(contract.kind(*id), TypeDefKind::List(_)),
        _ => false,
    };
    is_empty && ["request", "tls-options", "parameter"].contains(&record)
}

/// Names as Lua has them.
pub(crate) fn lua(name: &str) -> String {
    name.replace('-', "_")
}

/// `tls-options` as `TlsOptions`.
pub(crate) fn camel(name: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('-').map(capital).collect()
}

/// What a function gives to Lua: the value, whether it may be nil, and whether an error may come instead.
pub(crate) struct Given {
    pub(crate) value: Option<Type>,
    pub(crate) is_optional: bool,
    pub(crate) may_fail: bool,
}

pub(crate) fn given(contract: &Contract, function: &Function) -> Option<Given> {
    let mut given = Given {
        value: Some(function.result?),
        is_optional: false,
        may_fail: false,
    };
    if let Some(Type::Id(id)) = given.value
        && let TypeDefKind::Result(result) = contract.kind(id)
    {
        given.value = result.ok;
        given.may_fail = true;
    }
    if let Some(Type::Id(id)) = given.value
        && let TypeDefKind::Option(inner) = contract.kind(id)
    {
        given.value = Some(*inner);
        given.is_optional = true;
    }
    Some(given)
}

/// A type without `option<...>`, and whether it had one.
pub(crate) fn optional(contract: &Contract, ty: Type) -> (Type, bool) {
    match ty {
        Type::Id(id) => match contract.kind(id) {
            TypeDefKind::Option(inner) => (*inner, true),
            _ => (ty, false),
        },
        _ => (ty, false),
    }
}
