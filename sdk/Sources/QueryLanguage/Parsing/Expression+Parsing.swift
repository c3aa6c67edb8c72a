extension Expression {
    /// Parses a common expression as it is written in rules, conditions and filters; nothing is percent-decoded.
    ///
    /// Parameter aliases stay in the tree as paths whose root is the alias.
    ///
    /// ```swift
    /// let rule = try Expression.parse("end_date ge start_date")
    /// ```
    /// - Throws: `query.syntax`, `query.limit`, `query.invalid_literal`, `query.wrong_arguments`, with the column.
    public static func parse(_ text: String, limits: QueryLimits = .standard) throws(QueryError) -> Expression {
        var parser = try Parser(SourceText(plain: text), limits: limits)
        return try parser.wholeExpression()
    }
}

extension QueryOptions {
    /// Parses the value of an `$orderby`, such as a saved view's `last_name, first_name desc`.
    public static func parseOrderBy(_ text: String, limits: QueryLimits = .standard) throws(QueryError) -> [OrderItem] {
        var parser = try Parser(SourceText(plain: text), limits: limits)
        let items = try parser.orderItems()
        guard parser.isAtEnd else { throw parser.afterOperand() }
        return items
    }

    /// Parses the query part of a URL, without its `?`.
    ///
    /// Options are separated by `&` and percent-decoded one by one; `+` is a blank. Parameter aliases are substituted wherever they
    /// are used. What isn't a system query option is kept in `custom`.
    /// - Throws: any code of the parser, `query.unknown_option` for an unknown name with `$`, `query.duplicate_option`,
    ///   `query.unknown_name` for an alias without value that can't be anything else.
    public static func parse(urlQuery: String, version: QueryVersion = .v401, limits: QueryLimits = .standard) throws(QueryError)
        -> QueryOptions
    {
        let bytes = Array(urlQuery.utf8)
        guard bytes.count <= limits.textLength else {
            throw QueryError(.limit, at: limits.textLength + 1, "The query is longer than \(limits.textLength) bytes.")
        }
        var reader = QueryStringReader(version: version, limits: limits)
        for part in bytes.split(separator: UInt8(ascii: "&")) { try reader.read(part) }
        return try reader.finish()
    }
}

/// Collects the options of a query string one after the other.
private struct QueryStringReader {
    let version: QueryVersion
    let limits: QueryLimits
    private var options = QueryOptions()
    private var nodes = 0

    init(version: QueryVersion, limits: QueryLimits) {
        self.version = version
        self.limits = limits
    }

    mutating func read(_ part: ArraySlice<UInt8>) throws(QueryError) {
        let equals = part.firstIndex(of: UInt8(ascii: "="))
        let name = try SourceText(encoded: part[part.startIndex..<(equals ?? part.endIndex)])
        let typed = name.string(0..<name.bytes.count)
        let isAlias = name.bytes.first == UInt8(ascii: "@")
        let system = systemName(typed)
        if system == nil, name.bytes.first == UInt8(ascii: "$") {
            let known = Spelling.closest(to: String(typed.dropFirst()), in: OptionSet.request.map(\.rawValue))
            throw QueryError(.unknownOption, at: name.column(0), "There is no query option '\(typed)'.", suggestion: known.map { "$" + $0 })
        }
        guard isAlias || system != nil else { return try readCustom(name, part: part, equals: equals) }
        guard let equals else { throw QueryError(.syntax, at: name.column(name.bytes.count), "Expected '=' and a value after '\(typed)'.") }
        var parser = try Parser(SourceText(encoded: part[(equals + 1)...]), limits: limits, version: version, nodes: nodes)
        if isAlias {
            try parser.addAlias(try aliasName(name), to: &options, at: 0)
        } else if let system {
            guard OptionSet.request.contains(system) else {
                throw QueryError(.syntax, at: name.column(0), "'\(typed)' can only be an option in the parentheses of $expand.")
            }
            try parser.value(of: system, into: &options, from: 0)
        }
        guard parser.isAtEnd else { throw parser.afterOperand() }
        nodes = parser.nodes
    }

    mutating func finish() throws(QueryError) -> QueryOptions {
        guard !options.aliases.isEmpty else { return options }
        var substitution = AliasSubstitution(options.aliases, limits: limits, nodes: nodes)
        return try substitution.apply(to: options)
    }

    private func systemName(_ typed: String) -> OptionName? {
        if typed.hasPrefix("$") { return OptionName(typed: String(typed.dropFirst()), version: version) }
        guard version == .v401 else { return nil }
        // `levels` and `id` without `$` are everyday names of custom options; only the standard's places make them options.
        let name = OptionName(typed: typed, version: version)
        return name == .levels ? nil : name
    }

    private func aliasName(_ name: SourceText) throws(QueryError) -> String {
        var parser = try Parser(name, limits: limits)
        parser.position = 1
        let result = try parser.identifier("a name after '@'")
        guard parser.isAtEnd else { throw parser.unexpected("'='") }
        return result
    }

    private mutating func readCustom(_ name: SourceText, part: ArraySlice<UInt8>, equals: Int?) throws(QueryError) {
        let value = try SourceText(encoded: part[(equals.map { $0 + 1 } ?? part.endIndex)...])
        for text in [name, value] {
            if let invalid = text.firstInvalidIndex {
                throw text.invalid(at: invalid)
            }
        }
        guard !name.bytes.isEmpty else { throw QueryError(.syntax, at: name.column(0), "Expected the name of a query option before '='.") }
        guard !name.bytes.contains(where: ASCII.isBlank) else {
            throw QueryError(.syntax, at: name.column(0), "The name of a query option has no blanks.")
        }
        let text = name.string(0..<name.bytes.count)
        options.custom.append(.init(name: text, value: equals == nil ? nil : value.string(0..<value.bytes.count)))
    }
}
