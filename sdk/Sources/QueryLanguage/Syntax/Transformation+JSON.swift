extension TreeWriter {
    mutating func write(_ step: Transformation) {
        object { writer in
            switch step.kind {
            case .identity: writer.member("kind", "identity")
            case .filter(let condition):
                writer.member("kind", "filter")
                writer.child("condition", condition)
            case .compute(let items):
                writer.member("kind", "compute")
                writer.array("items", items) { $0.write($1) }
            case .aggregate(let items):
                writer.member("kind", "aggregate")
                writer.array("items", items) { $0.write($1) }
            case .groupBy(let keys, let steps):
                writer.member("kind", "groupby")
                writer.array("keys", keys) { writer, key in
                    switch key {
                    case .path(let path): writer.write(path)
                    case .rollup(let text, _):
                        writer.object {
                            $0.member("kind", "rollup")
                            $0.member("text", text)
                        }
                    }
                }
                writer.array("steps", steps) { $0.write($1) }
            case .other(let name, let arguments):
                writer.member("kind", name)
                writer.member("text", arguments)
            }
        }
    }

    mutating func write(_ item: QueryOptions.ComputeItem) {
        object {
            $0.member("name", item.name)
            $0.child("expression", item.expression)
        }
    }

    private mutating func write(_ item: Transformation.AggregateItem) {
        object { writer in
            if let expression = item.expression { writer.child("expression", expression) }
            writer.member("method", item.expression == nil ? "$count" : item.method ?? "custom")
            if let source = item.source { writer.member("from", source) }
            if let name = item.name { writer.member("name", name) }
        }
    }
}
