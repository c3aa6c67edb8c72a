extension Parser {
    /// Options in parentheses, separated by semicolons.
    mutating func nestedOptions(allowed: Set<OptionName>, of owner: String) throws(QueryError) -> QueryOptions {
        try expect("(", "'('")
        try enter()
        var options = QueryOptions()
        repeat {
            skipBlanks()
            let start = position
            if skip("@") {
                // Only options of a whole `expand` may bring aliases (OData 4.01 ABNF, expandOption): counts and references may use outer ones.
                guard allowed.contains(.select) else {
                    throw fail(
                        at: start, "A parameter alias can't be given among the options of \(owner); give it beside the query's options.")
                }
                let name = try identifier("the name of a parameter alias")
                try expect("=", "'='")
                try addAlias(name, to: &options, at: start)
                continue
            }
            let name = try nestedOptionName(allowed: allowed, of: owner)
            try expect("=", "'='")
            try countNode(at: start)
            try value(of: name, into: &options, from: start)
            skipBlanks()
        } while skip(";")
        guard skip(")") else { throw isAtEnd ? unexpected("';' or ')'") : afterOperand() }
        leave()
        return options
    }

    private mutating func nestedOptionName(allowed: Set<OptionName>, of owner: String) throws(QueryError) -> OptionName {
        let start = position
        let hasDollar = skip("$")
        guard hasDollar || version == .v401 else { throw unexpected("an option that starts with '$'") }
        let typed = try identifier("a query option such as filter or top")
        guard let name = OptionName(typed: typed, version: version) else {
            let names = allowed.map(\.rawValue)
            throw fail(
                .unknownOption, at: start, "There is no query option '\(typed)'.", suggestion: Spelling.closest(to: typed, in: names))
        }
        guard allowed.contains(name) else {
            let names = allowed.map(\.rawValue).sorted().joined(separator: ", ")
            throw fail(at: start, "'\(name.rawValue)' can't be an option of \(owner); possible are \(names).")
        }
        return name
    }

    mutating func addAlias(_ name: String, to options: inout QueryOptions, at start: Int) throws(QueryError) {
        guard !options.aliases.contains(where: { $0.name == name }) else {
            throw fail(.duplicateOption, at: start, "The parameter alias '@\(name)' is given twice.")
        }
        try countNode(at: start)
        let value = try expression()
        skipBlanks()
        options.aliases.append(QueryOptions.ParameterAlias(name: name, value: value))
    }

    /// Reads the value of an option, up to the end of the text or to what ends a nested option.
    mutating func value(of name: OptionName, into options: inout QueryOptions, from nameStart: Int) throws(QueryError) {
        guard options.ranges[name.rawValue] == nil else {
            throw fail(.duplicateOption, at: nameStart, "The query option '\(name.rawValue)' is given twice.")
        }
        let start = position
        switch name {
        case .filter: options.filter = try expression()
        case .orderby: options.orderBy = try orderItems()
        case .select: options.select = try selectItems()
        case .expand: options.expand = try expandItems()
        case .compute: options.compute = try computeItems()
        case .search: options.search = try search()
        case .apply: options.apply = try transformations()
        case .top: options.top = try count(of: name)
        case .skip: options.skip = try count(of: name)
        case .index: options.index = try signedInteger()
        case .count: options.count = try boolean()
        case .levels: options.levels = try levels()
        case .skiptoken: options.skipToken = try rest(of: name)
        case .deltatoken: options.deltaToken = try rest(of: name)
        case .format: options.format = try format()
        case .schemaversion: options.schemaVersion = try rest(of: name)
        case .id: options.id = try rest(of: name)
        }
        options.ranges[name.rawValue] = range(from: start)
    }

    private func nonEmpty(_ value: String, of name: OptionName, from start: Int) throws(QueryError) -> String {
        guard !value.isEmpty else { throw fail(at: start, "'\(name.rawValue)' needs a value.") }
        return value
    }

    private mutating func rest(of name: OptionName) throws(QueryError) -> String {
        let start = position
        position = bytes.count
        return try nonEmpty(text.string(start..<position), of: name, from: start)
    }

    private mutating func count(of name: OptionName) throws(QueryError) -> Int64 {
        guard ASCII.isDigit(peek()) else { throw unexpected("a number from 0 for '\(name.rawValue)'") }
        return try signedInteger()
    }

    private mutating func signedInteger() throws(QueryError) -> Int64 {
        let start = position
        let isNegative = skip("-")
        var value: Int64 = 0
        guard ASCII.isDigit(peek()) else { throw unexpected("a whole number") }
        while ASCII.isDigit(peek()) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(peek() &- 48))
            guard !overflow, !carry else { throw fail(.invalidLiteral, at: start, "The number doesn't fit 64 bits.") }
            value = sum
            position += 1
        }
        return isNegative ? -value : value
    }

    private mutating func boolean() throws(QueryError) -> Bool {
        let ignoringCase = version.ignoresCase
        if matchesWord("true", ignoringCase: ignoringCase) {
            position += 4
            return true
        }
        guard matchesWord("false", ignoringCase: ignoringCase) else { throw unexpected("true or false") }
        position += 5
        return false
    }

    private mutating func levels() throws(QueryError) -> QueryOptions.ExpandLevels {
        if matchesWord("max", ignoringCase: version.ignoresCase) {
            position += 3
            return .max
        }
        guard ASCII.isDigit(peek()), peek() != UInt8(ascii: "0") else { throw unexpected("a number from 1, or max") }
        return .count(try signedInteger())
    }

    /// Short names beside media types: the standard's, and those of files that a collection can be had as.
    private static let formats: Set = [
        "json", "xml", "atom", "csv", "xlsx", "vcard", "vcard-4.0", "vcard-3.0", "vcard-2.1",
    ]

    private mutating func format() throws(QueryError) -> String {
        let start = position
        let value = try rest(of: .format)
        let lower = value.lowercased()
        if Self.formats.contains(lower) { return lower }
        let parts = value.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw fail(.invalidLiteral, at: start, "Expected json, xml, csv, xlsx, vcard or a media type such as application/json.")
        }
        return value
    }

    /// Steps over a comma and blanks on either side.
    mutating func skipComma() -> Bool {
        var distance = 0
        while ASCII.isBlank(peek(distance)) { distance += 1 }
        guard peek(distance) == UInt8(ascii: ",") else { return false }
        position += distance + 1
        skipBlanks()
        return true
    }

    mutating func orderItems() throws(QueryError) -> [QueryOptions.OrderItem] {
        var items: [QueryOptions.OrderItem] = []
        repeat {
            let expression = try expression()
            var isDescending = false
            if ASCII.isBlank(peek()) {
                var distance = 0
                while ASCII.isBlank(peek(distance)) { distance += 1 }
                if matchesWord("desc", at: distance, ignoringCase: version.ignoresCase) {
                    isDescending = true
                    position += distance + 4
                } else if matchesWord("asc", at: distance, ignoringCase: version.ignoresCase) {
                    position += distance + 3
                }
            }
            items.append(QueryOptions.OrderItem(expression: expression, isDescending: isDescending))
        } while skipComma()
        return items
    }

    mutating func computeItems() throws(QueryError) -> [QueryOptions.ComputeItem] {
        var items: [QueryOptions.ComputeItem] = []
        repeat {
            let expression = try expression()
            var distance = 0
            while ASCII.isBlank(peek(distance)) { distance += 1 }
            guard distance > 0, matchesWord("as", at: distance, ignoringCase: version.ignoresCase), ASCII.isBlank(peek(distance + 2))
            else { throw unexpected("' as ' and a name") }
            position += distance + 2
            skipBlanks()
            items.append(QueryOptions.ComputeItem(expression: expression, name: try givenName()))
        } while skipComma()
        return items
    }

    /// The name behind `as`: no longer than names of columns in PostgreSQL.
    mutating func givenName() throws(QueryError) -> String {
        let start = position
        let name = try identifier("a name after 'as'")
        guard name.utf8.count <= QueryLimits.givenNameLength else {
            throw fail(.limit, at: start, "A name after 'as' has at most \(QueryLimits.givenNameLength) bytes.")
        }
        return name
    }
}

extension OptionName {
    /// The option that a name without `$` means.
    init?(typed: String, version: QueryVersion) {
        self.init(rawValue: version.ignoresCase ? typed.lowercased() : typed)
    }
}
