//! What the function is: its arguments, its receiver, and which of them count to its key.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Error, FnArg, GenericParam, Generics, Ident, ItemFn, Pat, PatType, Result, ReturnType, Type,
};

use crate::options::Options;
use crate::suggest;

/// One argument after the receiver.
pub(crate) struct Argument {
    /// As declared, without the `mut` that only the body needs.
    pub(crate) declared: PatType,
    pub(crate) ident: Ident,
    /// Whether the entry depends on it: the key, the tenant or the cache is made of it, or its type
    /// is a parameter of the function, of which every instantiation has entries of its own.
    pub(crate) counts: bool,
    /// Whether an expression of the attribute names it.
    pub(crate) named: bool,
}

/// A function fit to be cached.
pub(crate) struct Function {
    pub(crate) item: ItemFn,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) returns: Type,
}

impl Function {
    pub(crate) fn new(item: ItemFn, options: &Options) -> Result<Self> {
        refuse_unfit(&item)?;
        refuse_unknown_ignored(&item, options)?;
        let returns = returned(&item)?;
        let arguments = item.sig.inputs.iter().filter_map(typed);
        let arguments = arguments.map(|a| argument(a, &item.sig.generics, options));
        let arguments = arguments.collect::<Result<Vec<_>>>()?;
        let function = Self { item, arguments, returns };
        function.check_receiver(options)?;
        function.check_name(options)?;
        function.check_value()?;
        Ok(function)
    }

    pub(crate) fn ident(&self) -> &Ident {
        &self.item.sig.ident
    }

    pub(crate) fn is_async(&self) -> bool {
        self.item.sig.asyncness.is_some()
    }

    pub(crate) fn receiver(&self) -> Option<&FnArg> {
        self.item.sig.inputs.iter().find(|input| matches!(input, FnArg::Receiver(_)))
    }

    /// Whether it stands in an `impl` block, as far as its own text tells.
    pub(crate) fn in_impl(&self, options: &Options) -> bool {
        options.associated.is_some()
            || self.receiver().is_some()
            || mentions(self.item.sig.to_token_stream(), "Self")
            || mentions(self.item.block.to_token_stream(), "Self")
    }

    /// The function's type and constant parameters, as a turbofish, or nothing.
    pub(crate) fn turbofish(&self) -> TokenStream {
        let parameters = self.item.sig.generics.params.iter().filter_map(|p| match p {
            GenericParam::Type(t) => Some(&t.ident),
            GenericParam::Const(c) => Some(&c.ident),
            GenericParam::Lifetime(_) => None,
        });
        let parameters: Vec<_> = parameters.collect();
        if parameters.is_empty() {
            return TokenStream::new();
        }
        quote::quote!(::<#(#parameters),*>)
    }

    /// The `T` of `Result<T, …>`, where the return type is written so.
    pub(crate) fn ok_type(&self) -> Option<&Type> {
        let Type::Path(path) = &self.returns else { return None };
        let last = path.path.segments.last()?;
        if last.ident != "Result" {
            return None;
        }
        let syn::PathArguments::AngleBracketed(generics) = &last.arguments else { return None };
        generics.args.iter().find_map(|argument| match argument {
            syn::GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
    }

    /// Whether the return type visibly borrows from something shorter-lived than `'static`.
    pub(crate) fn borrows(&self) -> bool {
        borrows(self.returns.to_token_stream())
    }

    /// What a receiver means to the key must be said: silence would either mix instances up or
    /// demand that a whole service be serialisable.
    fn check_receiver(&self, options: &Options) -> Result<()> {
        let Some(receiver) = self.receiver() else { return Ok(()) };
        if options.key.is_some() || options.ignore.iter().any(|i| i == "self") {
            return Ok(());
        }
        let message = "say what `self` means to the key: `ignore(self)` if every instance gives \
                       the same answer, or `key = (self.id, …)` naming what tells them apart";
        Err(Error::new_spanned(receiver, message))
    }
}

impl Function {
    /// What is read back from a store has no owner to borrow from.
    fn check_value(&self) -> Result<()> {
        match self.ok_type().unwrap_or(&self.returns) {
            Type::Reference(reference) => Err(Error::new_spanned(
                reference,
                "a cached value is read back from bytes, so there is nothing that it could borrow \
                 from: return an owned type (`String` for `&str`, `Vec<T>` for `&[T]`)",
            )),
            _ => Ok(()),
        }
    }

    /// An explicit name is the whole name: two instantiations would read each other's values.
    fn check_name(&self, options: &Options) -> Result<()> {
        match &options.name {
            Some(name) if !self.turbofish().is_empty() => Err(Error::new(
                name.span(),
                "a `name` on a function with type parameters would be shared by all its \
                 instantiations: leave it out, and each is named by its types",
            )),
            _ => Ok(()),
        }
    }
}

fn refuse_unfit(item: &ItemFn) -> Result<()> {
    let signature = &item.sig;
    if let Some(constant) = &signature.constness {
        return Err(Error::new_spanned(constant, "a `const fn` cannot look into a cache"));
    }
    if let Some(unsafety) = &signature.unsafety {
        let message = "an `unsafe fn` cannot be cached: wrap what is unsafe in a safe function";
        return Err(Error::new_spanned(unsafety, message));
    }
    if let Some(abi) = &signature.abi {
        return Err(Error::new_spanned(abi, "an `extern` function cannot be cached"));
    }
    Ok(())
}

fn refuse_unknown_ignored(item: &ItemFn, options: &Options) -> Result<()> {
    let mut known: Vec<String> = item.sig.inputs.iter().filter_map(name_of).collect();
    known.sort();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    for ignored in &options.ignore {
        let name = ignored.to_string();
        if !known.contains(&name.as_str()) {
            let hint = suggest::hint(&name, &known);
            let message = format!("`{}` has no argument `{name}`{hint}", item.sig.ident);
            return Err(Error::new(ignored.span(), message));
        }
    }
    Ok(())
}

fn returned(item: &ItemFn) -> Result<Type> {
    let ReturnType::Type(_, ty) = &item.sig.output else {
        let message = "a function that returns nothing leaves nothing to cache";
        return Err(Error::new_spanned(&item.sig, message));
    };
    if let Type::ImplTrait(opaque) = &**ty {
        let message = "name the type: what an `impl Trait` hides cannot be stored and read back";
        return Err(Error::new_spanned(opaque, message));
    }
    Ok((**ty).clone())
}

fn typed(input: &FnArg) -> Option<&PatType> {
    match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    }
}

fn name_of(input: &FnArg) -> Option<String> {
    match input {
        FnArg::Receiver(_) => Some("self".to_owned()),
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pattern) => Some(pattern.ident.to_string()),
            _ => None,
        },
    }
}

fn argument(declared: &PatType, generics: &Generics, options: &Options) -> Result<Argument> {
    let Pat::Ident(pattern) = &*declared.pat else {
        let message = "give the argument a name, and take it apart in the body";
        return Err(Error::new_spanned(&declared.pat, message));
    };
    let ident = pattern.ident.clone();
    let ignored = options.ignore.contains(&ident);
    if let (Type::ImplTrait(opaque), false, None) = (&*declared.ty, ignored, &options.key) {
        let message = "name the type parameter, or `ignore` the argument: two types may have equal \
                       values";
        return Err(Error::new_spanned(opaque, message));
    }
    let name = ident.to_string();
    let named = |expr: &Option<syn::Expr>| {
        expr.as_ref().is_some_and(|e| mentions(e.to_token_stream(), &name))
    };
    let in_key = options.key.is_none() && !ignored;
    let ty = declared.ty.to_token_stream();
    let generic = mentions(ty.clone(), "impl")
        || generics
            .type_params()
            .any(|parameter| mentions(ty.clone(), &parameter.ident.to_string()));
    let named = [&options.key, &options.tenant, &options.cache].into_iter().any(named);
    let mut declared = declared.clone();
    declared.attrs.clear();
    declared.pat = Box::new(syn::parse_quote!(#ident));
    Ok(Argument { declared, ident, counts: in_key || named || generic, named })
}

/// Whether a word stands in the tokens, the insides of string literals (`"user:{id}"`) included.
pub(crate) fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), word),
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let is_text = text.starts_with('"') || text.starts_with('r');
            is_text && text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == word)
        }
        TokenTree::Punct(_) => false,
    })
}

fn borrows(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match token {
            TokenTree::Group(group) => borrows(group.stream()),
            TokenTree::Punct(p) if p.as_char() == '&' => {
                !matches!(tokens.peek(), Some(TokenTree::Punct(q)) if q.as_char() == '\'')
            }
            TokenTree::Punct(p) if p.as_char() == '\'' => {
                !matches!(tokens.peek(), Some(TokenTree::Ident(i)) if i == "static")
            }
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}
