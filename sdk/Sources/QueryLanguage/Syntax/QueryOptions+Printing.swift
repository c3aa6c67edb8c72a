extension QueryOptions {
    /// The options in canonical form, separated by `&` and without percent-encoding: for people and logs of one's own queries.
    ///
    /// Aliases were substituted by the parser and aren't printed.
    public var text: String {
        var printer = ExpressionPrinter()
        printer.write(self, separator: "&")
        return String(decoding: printer.output, as: UTF8.self)
    }
}

extension ExpressionPrinter {
    mutating func writeNested(_ options: QueryOptions) {
        append("(")
        write(options, separator: ";")
        append(")")
    }

    mutating func write(_ options: QueryOptions, separator: String) {
        let start = output.count
        func begin(_ name: String, _ printer: inout ExpressionPrinter) {
            if printer.output.count > start { printer.append(separator) }
            printer.append("$\(name)=")
        }
        if !options.apply.isEmpty {
            begin("apply", &self)
            write(options.apply)
        }
        if let filter = options.filter {
            begin("filter", &self)
            write(filter, binding: .or)
        }
        if let search = options.search {
            begin("search", &self)
            write(search, isOperand: false)
        }
        if !options.orderBy.isEmpty {
            begin("orderby", &self)
            writeList(options.orderBy, open: "", close: "") { printer, item in
                printer.write(item.expression, binding: .or)
                if item.isDescending { printer.append(" desc") }
            }
        }
        if !options.compute.isEmpty {
            begin("compute", &self)
            writeList(options.compute, open: "", close: "") { printer, item in
                printer.write(item)
            }
        }
        if let select = options.select {
            begin("select", &self)
            writeList(select, open: "", close: "") { $0.write($1) }
        }
        if !options.expand.isEmpty {
            begin("expand", &self)
            writeList(options.expand, open: "", close: "") { $0.write($1) }
        }
        for (name, value) in options.simpleValues {
            begin(name, &self)
            append(value)
        }
    }

    private mutating func write(_ item: QueryOptions.SelectItem) {
        append(item.path.map(\.name).joined(separator: "/"))
        if let options = item.options { writeNested(options) }
        if let names = item.parameterNames { append("(\(names.joined(separator: ",")))") }
    }

    private mutating func write(_ item: QueryOptions.ExpandItem) {
        append(item.path.map(\.name).joined(separator: "/"))
        if let suffix = item.suffix { append("/\(suffix.rawValue)") }
        if let options = item.options { writeNested(options) }
    }

    private mutating func write(_ search: SearchExpression, isOperand: Bool) {
        switch search {
        case .word(let word): append(word)
        case .phrase(let words): append("\"\(words)\"")
        case .not(let operand):
            append("NOT ")
            write(operand, isOperand: true)
        case .and(let left, let right): writeSearch(left, "AND", right, isOperand: isOperand)
        case .or(let left, let right): writeSearch(left, "OR", right, isOperand: isOperand)
        }
    }

    private mutating func writeSearch(_ left: SearchExpression, _ word: String, _ right: SearchExpression, isOperand: Bool) {
        if isOperand { append("(") }
        write(left, isOperand: true)
        append(" \(word) ")
        write(right, isOperand: true)
        if isOperand { append(")") }
    }
}

extension QueryOptions {
    /// The options whose values are single words or numbers, in a fixed order.
    var simpleValues: [(name: String, value: String)] {
        let levelsText: String? =
            switch levels {
            case .count(let count): String(count)
            case .max: "max"
            case nil: nil
            }
        let all: [(String, String?)] = [
            ("count", count.map { $0 ? "true" : "false" }), ("top", top.map { String($0) }),
            ("skip", skip.map { String($0) }),
            ("levels", levelsText), ("index", index.map { String($0) }), ("skiptoken", skipToken), ("deltatoken", deltaToken),
            ("format", format), ("schemaversion", schemaVersion), ("id", id),
        ]
        return all.compactMap { name, value in value.map { (name, $0) } }
    }
}
