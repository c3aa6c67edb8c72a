extension Parser {
    mutating func selectItems() throws(QueryError) -> [QueryOptions.SelectItem] {
        var items: [QueryOptions.SelectItem] = []
        repeat {
            let start = position
            let path = try itemPath(allowsValue: false)
            var item = QueryOptions.SelectItem(path: path)
            if peek() == UInt8(ascii: "(") {
                guard path.last.map({ !$0.name.hasSuffix("*") }) ?? false else { throw unexpected("',' or the end") }
                if parenthesesHoldOptions() {
                    item.options = try nestedOptions(allowed: OptionSet.select, of: "$select")
                } else {
                    item.parameterNames = try parameterNames()
                }
            }
            item.range = range(from: start)
            items.append(item)
        } while skipComma()
        return items
    }

    mutating func expandItems() throws(QueryError) -> [QueryOptions.ExpandItem] {
        var items: [QueryOptions.ExpandItem] = []
        repeat {
            let start = position
            let path = try itemPath(allowsValue: true)
            var item = QueryOptions.ExpandItem(path: path)
            let isAll = path.last?.name == "*"
            if matchesWord("/$ref", ignoringCase: false) {
                position += 5
                item.suffix = .ref
            } else if !isAll, matchesWord("/$count", ignoringCase: false) {
                position += 7
                item.suffix = .count
            }
            if peek() == UInt8(ascii: "("), !(isAll && item.suffix != nil), path.last?.name != "$value" {
                item.options = try expandOptions(isAll: isAll, suffix: item.suffix)
            }
            item.range = range(from: start)
            items.append(item)
        } while skipComma()
        return items
    }

    private mutating func expandOptions(isAll: Bool, suffix: QueryOptions.ExpandItem.Suffix?) throws(QueryError) -> QueryOptions {
        switch suffix {
        case _ where isAll: try nestedOptions(allowed: OptionSet.expandAll, of: "'*'")
        case .ref: try nestedOptions(allowed: OptionSet.expandReference, of: "$ref")
        case .count: try nestedOptions(allowed: OptionSet.count, of: "$count")
        case nil: try nestedOptions(allowed: OptionSet.expand, of: "$expand")
        }
    }

    /// Steps separated by slashes, up to `/$ref` or `/$count`.
    private mutating func itemPath(allowsValue: Bool) throws(QueryError) -> [QueryOptions.PathItem] {
        var path: [QueryOptions.PathItem] = []
        while true {
            let start = position
            try countNode(at: start)
            let name = try itemStep(allowsValue: allowsValue && path.isEmpty)
            path.append(QueryOptions.PathItem(name, range: range(from: start)))
            guard peek() == UInt8(ascii: "/"), peek(1) != UInt8(ascii: "$"), !name.hasSuffix("*"), name != "$value" else { return path }
            position += 1
        }
    }

    private mutating func itemStep(allowsValue: Bool) throws(QueryError) -> String {
        let start = position
        if skip("*") { return "*" }
        if allowsValue, matchesWord("$value", ignoringCase: false) {
            position += 6
            return "$value"
        }
        let isAnnotation = skip("@")
        guard let end = qualifiedNameEnd(at: position) else { throw unexpected("the name of a property, or '*'") }
        position = end
        if isAnnotation, skip("#") {
            guard let end = identifierEnd(at: position) else { throw unexpected("a qualifier after '#'") }
            position = end
        } else if !isAnnotation, peek() == UInt8(ascii: "."), peek(1) == UInt8(ascii: "*") {
            position += 2
        }
        return text.string(start..<position)
    }

    /// Whether options stand in the parentheses here, not the parameter names of a function.
    private func parenthesesHoldOptions() -> Bool {
        var index = position + 1
        while index < bytes.count, ASCII.isBlank(bytes[index]) { index += 1 }
        guard index < bytes.count else { return true }
        if bytes[index] == UInt8(ascii: "$") || bytes[index] == UInt8(ascii: "@") { return true }
        guard let end = identifierEnd(at: index), end < bytes.count else { return true }
        return bytes[end] == UInt8(ascii: "=")
    }

    private mutating func parameterNames() throws(QueryError) -> [String] {
        try expect("(", "'('")
        var names: [String] = []
        repeat {
            skipBlanks()
            names.append(try identifier("the name of a parameter"))
            skipBlanks()
        } while skip(",")
        try expect(")", "',' or ')'")
        return names
    }
}
