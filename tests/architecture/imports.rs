//! Which file of `src/` uses which other one, read from the sources' own tokens: every `use`, and every path in the code
//! that begins with `crate`, `self`, `super` or a child module.
//!
//! A name that is re-exported leads to the file that declares it, so that a folder's `mod.rs` may name what others need
//! without being in every circle; a re-export, like `mod`, is no use of its own. Comments and what only tests compile are
//! passed over: they cannot make the program harder to take apart.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Sources by their path below `src/`, such as `gate/mod.rs`.
pub type Sources = BTreeMap<String, String>;

/// The files that each file uses.
pub type Graph = BTreeMap<String, BTreeSet<String>>;

/// A module by its names from the crate's root on.
type ModulePath = Vec<String>;

/// Returns who uses whom among these sources. Files that only tests compile are not in it.
pub fn graph(sources: &Sources) -> Graph {
    let mut read = Reading::default();
    for root in ["lib.rs", "main.rs"] {
        if sources.contains_key(root) {
            read.file(sources, root, &ModulePath::new());
        }
    }
    let mut graph: Graph = read.files.iter().map(|file| (file.clone(), BTreeSet::new())).collect();
    for used in &read.uses {
        if let Some(file) = read.file_of(&used.module, &used.path, 0).filter(|file| *file != used.file) {
            graph.entry(used.file.clone()).or_default().insert(file);
        }
    }
    graph
}

/// What the names of a module stand for: paths, for a name can stand for a type and a function.
type Names = BTreeMap<(ModulePath, String), Vec<Vec<String>>>;

/// A path that a file names, and the module in which it stands.
struct Used {
    file: String,
    module: ModulePath,
    path: Vec<String>,
}

#[derive(Default)]
struct Reading {
    files: BTreeSet<String>,
    /// Where each module is declared or, where it has none of its own, the file in which it stands.
    modules: BTreeMap<ModulePath, String>,
    /// `pub use`: the module, the name that it gives (`*` for all), and what that leads to.
    exports: Names,
    /// The same of every other `use`, which gives the name to its own module alone.
    imports: Names,
    /// Where each macro is: an exported one has its name at the crate's root, whatever module it stands in.
    macros: BTreeMap<String, String>,
    uses: Vec<Used>,
}

impl Reading {
    fn file(&mut self, sources: &Sources, file: &str, module: &ModulePath) {
        let Ok(tokens) = sources[file].parse::<TokenStream>() else { panic!("{file} is no Rust") };
        self.files.insert(file.to_owned());
        // The binary is a crate of its own, whose root is not that of the library.
        if file != "main.rs" {
            self.modules.insert(module.clone(), file.to_owned());
        }
        self.items(sources, file, module, tokens);
    }

    fn items(&mut self, sources: &Sources, file: &str, module: &ModulePath, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = without_tests(tokens.into_iter().collect());
        let mut at = 0;
        let mut public = false;
        while at < tokens.len() {
            let word = ident(&tokens[at]);
            match word.as_deref() {
                Some("pub") => {
                    public = true;
                    at += 1;
                    // Of `pub(crate)`.
                    at += usize::from(tokens.get(at).is_some_and(is_parenthesis));
                    continue;
                }
                Some("use") => {
                    let end = (at..tokens.len()).find(|end| is_punct(&tokens[*end], ';')).unwrap_or(tokens.len());
                    for (name, path) in use_tree(&tokens[at + 1..end], &[]) {
                        if !public {
                            // Of all names of a module, some are its own.
                            let all = (name == "*").then(|| name.clone());
                            self.used(file, module, path.iter().cloned().chain(all).collect());
                        }
                        let names = if public { &mut self.exports } else { &mut self.imports };
                        names.entry((module.clone(), name)).or_default().push(path);
                    }
                    at = end;
                }
                Some("macro_rules") => {
                    if let Some(name) = tokens.get(at + 2).and_then(ident) {
                        self.macros.insert(name, file.to_owned());
                    }
                    at += 2;
                }
                Some("mod") if tokens.get(at + 1).and_then(ident).is_some() => {
                    let name = tokens.get(at + 1).and_then(ident).unwrap_or_default();
                    let child: ModulePath = module.iter().cloned().chain([name]).collect();
                    if let Some(TokenTree::Group(body)) = tokens.get(at + 2) {
                        self.modules.insert(child.clone(), file.to_owned());
                        self.items(sources, file, &child, body.stream());
                    } else if let Some(path) = file_of_module(sources, &child) {
                        self.file(sources, &path, &child);
                    }
                    at += 2;
                }
                _ => at = self.path_or_group(sources, file, module, &tokens, at),
            }
            public = false;
            at += 1;
        }
    }

    /// Reads the path that begins here, or what stands in the brackets; returns where it ended.
    fn path_or_group(
        &mut self,
        sources: &Sources,
        file: &str,
        module: &ModulePath,
        tokens: &[TokenTree],
        at: usize,
    ) -> usize {
        if let TokenTree::Group(group) = &tokens[at] {
            self.items(sources, file, module, group.stream());
        }
        let Some(first) = ident(&tokens[at]) else { return at };
        let mut path = vec![first];
        let mut end = at;
        while is_path_separator(tokens, end + 1)
            && let Some(next) = tokens.get(end + 3).and_then(ident)
        {
            path.push(next);
            end += 3;
        }
        // A method's name, or a path that goes on from something that is not a name, leads nowhere of its own.
        let goes_on = at > 0 && is_punct(&tokens[at - 1], '.') || at > 1 && is_path_separator(tokens, at - 2);
        if path.len() > 1 && !goes_on {
            self.used(file, module, path);
        }
        end
    }

    fn used(&mut self, file: &str, module: &ModulePath, path: Vec<String>) {
        self.uses.push(Used { file: file.to_owned(), module: module.clone(), path });
    }

    /// Returns the file that declares what this path names from within this module; `None` where it leads out of the
    /// crate, and where it names a module: what is used of that one is named elsewhere.
    fn file_of(&self, module: &ModulePath, path: &[String], depth: usize) -> Option<String> {
        let mut rest = path;
        let mut here = match rest.first()?.as_str() {
            "crate" | "crashgate" => {
                rest = &rest[1..];
                ModulePath::new()
            }
            "self" | "super" => module.clone(),
            first => {
                let child: ModulePath = module.iter().cloned().chain([first.to_owned()]).collect();
                if !self.modules.contains_key(&child) {
                    let through = |names| self.through(names, module, first, &rest[1..], depth);
                    return through(&self.imports).or_else(|| through(&self.exports));
                }
                module.clone()
            }
        };
        while let Some(name) = rest.first() {
            match name.as_str() {
                "self" => {}
                "super" => {
                    here.pop()?;
                }
                name => {
                    let child: ModulePath = here.iter().cloned().chain([name.to_owned()]).collect();
                    if !self.modules.contains_key(&child) {
                        return self.declared(&here, name, &rest[1..], depth);
                    }
                    here = child;
                }
            }
            rest = &rest[1..];
        }
        None
    }

    /// Returns the file that declares `name` of this module: another one's where the module only exports it.
    fn declared(&self, module: &ModulePath, name: &str, rest: &[String], depth: usize) -> Option<String> {
        let exported = self.through(&self.exports, module, name, rest, depth);
        let starred = || {
            let all: Vec<String> = [name.to_owned()].into_iter().chain(rest.iter().cloned()).collect();
            self.through(&self.exports, module, "*", &all, depth)
        };
        let at_the_root = || self.macros.get(name).filter(|_| module.is_empty()).cloned();
        exported.or_else(starred).or_else(at_the_root).or_else(|| self.modules.get(module).cloned())
    }

    /// Returns the file that declares what a name stands for in this module, gone on from by `rest`.
    fn through(&self, names: &Names, module: &ModulePath, name: &str, rest: &[String], depth: usize) -> Option<String> {
        // Two names can stand for each other only where this does not compile.
        if depth > 8 {
            return None;
        }
        let paths = names.get(&(module.clone(), name.to_owned())).into_iter().flatten();
        paths.map(|path| [path, rest].concat()).find_map(|path| self.file_of(module, &path, depth + 1))
    }
}

/// Returns the tokens without the items that are compiled for tests alone, and without attributes.
fn without_tests(tokens: Vec<TokenTree>) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if !is_punct(&token, '#') {
            kept.push(token);
            continue;
        }
        if tokens.peek().is_some_and(|next| is_punct(next, '!')) {
            tokens.next();
        }
        let Some(TokenTree::Group(attribute)) = tokens.peek().cloned() else { continue };
        tokens.next();
        let words: Vec<String> = attribute.stream().into_iter().flat_map(words_of).collect();
        let says = |word: &str| words.iter().any(|said| said == word);
        if words.first().is_some_and(|word| word == "cfg") && says("test") && !says("not") {
            skip_item(&mut tokens);
        }
    }
    kept
}

/// Skips an item: to its semicolon, or to its braces where it is of a kind that ends with them.
fn skip_item(tokens: &mut impl Iterator<Item = TokenTree>) {
    let mut ends_with_braces = true;
    for token in tokens {
        match &token {
            TokenTree::Ident(word) if ["use", "const", "static", "type"].contains(&word.to_string().as_str()) => {
                ends_with_braces = false;
            }
            TokenTree::Group(group) if ends_with_braces && group.delimiter() == Delimiter::Brace => return,
            token if is_punct(token, ';') => return,
            _ => {}
        }
    }
}

/// Returns each name that a `use` brings in, with its path.
fn use_tree(tokens: &[TokenTree], before: &[String]) -> Vec<(String, Vec<String>)> {
    let mut path = before.to_vec();
    let mut alias = None;
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(word) if word == "as" => {
                alias = tokens.get(at + 1).and_then(ident);
                at += 1;
            }
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                return inner.split(|token| is_punct(token, ',')).flat_map(|one| use_tree(one, &path)).collect();
            }
            token if is_punct(token, '*') => return vec![("*".to_owned(), path)],
            _ => {}
        }
        at += 1;
    }
    if path.len() > before.len() && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let Some(name) = alias.or_else(|| path.last().cloned()) else { return Vec::new() };
    if tokens.is_empty() { Vec::new() } else { vec![(name, path)] }
}

fn file_of_module(sources: &Sources, module: &ModulePath) -> Option<String> {
    let path = module.join("/");
    [format!("{path}.rs"), format!("{path}/mod.rs")].into_iter().find(|path| sources.contains_key(path))
}

fn words_of(token: TokenTree) -> Vec<String> {
    match token {
        TokenTree::Group(group) => group.stream().into_iter().flat_map(words_of).collect(),
        TokenTree::Ident(word) => vec![word.to_string()],
        _ => Vec::new(),
    }
}

fn ident(token: &TokenTree) -> Option<String> {
    if let TokenTree::Ident(word) = token { Some(word.to_string()) } else { None }
}

fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn is_parenthesis(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    [at, at + 1].iter().all(|at| tokens.get(*at).is_some_and(|token| is_punct(token, ':')))
}
