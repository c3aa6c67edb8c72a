extension ExpressionPrinter {
    mutating func write(_ steps: [Transformation]) {
        for (index, step) in steps.enumerated() {
            if index > 0 { append("/") }
            write(step)
        }
    }

    private mutating func write(_ step: Transformation) {
        switch step.kind {
        case .identity: append("identity")
        case .other(let name, let arguments): append("\(name)(\(arguments))")
        case .filter(let condition):
            append("filter(")
            write(condition, binding: .or)
            append(")")
        case .compute(let items):
            writeList(items, open: "compute(", close: ")") { $0.write($1) }
        case .aggregate(let items):
            writeList(items, open: "aggregate(", close: ")") { $0.write($1) }
        case .groupBy(let keys, let steps):
            writeList(keys, open: "groupby((", close: ")") { printer, key in
                switch key {
                case .path(let path): printer.write(path, binding: .or)
                case .rollup(let text, _): printer.append("rollup(\(text))")
                }
            }
            if !steps.isEmpty {
                append(",")
                write(steps)
            }
            append(")")
        }
    }

    mutating func write(_ item: QueryOptions.ComputeItem) {
        write(item.expression, binding: .or)
        append(" as \(item.name)")
    }

    private mutating func write(_ item: Transformation.AggregateItem) {
        if let expression = item.expression { write(expression, binding: .or) } else { append("$count") }
        if let method = item.method { append(" with \(method)") }
        if let source = item.source { append(" from \(source)") }
        if let name = item.name { append(" as \(name)") }
    }
}
