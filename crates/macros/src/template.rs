//! `key = "user:{user_id}"`: a template, taken apart when the program is compiled.
//!
//! The key is *not* the formatted text but the tuple of the template and its values, typed as they
//! are: `"{a}:{b}"` with `a = "1:2"` and with `b = "2:…"` must never meet.

use syn::{Error, Expr, LitStr, Result};

/// The expressions between the braces, in order. `{{` and `}}` stand for braces.
pub(crate) fn fields(template: &LitStr) -> Result<Vec<Expr>> {
    let text = template.value();
    let mut rest = text.as_str();
    let mut fields = Vec::new();
    while let Some(at) = rest.find(['{', '}']) {
        let (_, from) = rest.split_at(at);
        if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            rest = after;
            continue;
        }
        let inside = from.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let Some((field, after)) = inside else {
            let message = "a brace is not closed, or not opened; `{{` and `}}` stand for braces";
            return Err(Error::new(template.span(), message));
        };
        fields.push(expression(template, field)?);
        rest = after;
    }
    Ok(fields)
}

fn expression(template: &LitStr, field: &str) -> Result<Expr> {
    let refused = |_| {
        let message = format!(
            "`{{{field}}}` is not an argument or a field of one; formats do not apply (values count \
             as they are), and for anything else write an expression: `key = (a, b.c())`"
        );
        Error::new(template.span(), message)
    };
    let parsed: Expr = LitStr::new(field, template.span()).parse().map_err(refused)?;
    match innermost(&parsed) {
        Expr::Path(path) if path.path.get_ident().is_some() => Ok(parsed),
        _ => Err(refused(Error::new(template.span(), ""))),
    }
}

fn innermost(expr: &Expr) -> &Expr {
    match expr {
        Expr::Field(field) => innermost(&field.base),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;

    fn found(template: &str) -> Result<Vec<String>> {
        let literal = LitStr::new(template, proc_macro2::Span::call_site());
        Ok(fields(&literal)?.iter().map(|f| f.to_token_stream().to_string()).collect())
    }

    #[test]
    fn fields_in_order() {
        assert_eq!(found("user:{id}:{tenant.name}").expect("template"), ["id", "tenant . name"]);
        assert_eq!(found("{{literal}}").expect("template"), Vec::<String>::new());
    }

    #[test]
    fn anything_else_is_refused() {
        for template in ["{id:05}", "{}", "{0}", "{f()}", "{id", "id}", "{a + b}"] {
            assert!(found(template).is_err(), "{template}");
        }
    }
}
