extension Expression {
    /// The tree as JSON, for people and tools. The shape is documented in docs/query-language.md and changes only with a note.
    public func jsonDescription(pretty: Bool = true) -> String {
        var writer = TreeWriter(isPretty: pretty)
        writer.write(self)
        return String(decoding: writer.output, as: UTF8.self)
    }
}

extension QueryOptions {
    /// The options as JSON, for people and tools. The shape is documented in docs/query-language.md and changes only with a note.
    public func jsonDescription(pretty: Bool = true) -> String {
        var writer = TreeWriter(isPretty: pretty)
        writer.write(self)
        return String(decoding: writer.output, as: UTF8.self)
    }
}

/// Writes trees as JSON objects with a `kind` each.
struct TreeWriter {
    let isPretty: Bool
    var output: [UInt8] = []
    private var indent = 0
    /// Whether the object or array that is open has nothing in it yet.
    private var isFirst = true

    init(isPretty: Bool) {
        self.isPretty = isPretty
    }

    private mutating func append(_ text: String) {
        output.append(contentsOf: text.utf8)
    }

    private mutating func separate() {
        if !isFirst { append(",") }
        isFirst = false
        newLine()
    }

    private mutating func newLine() {
        guard isPretty else { return }
        append("\n")
        output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * 2))
    }

    private mutating func nest(_ open: String, _ close: String, _ body: (inout TreeWriter) -> Void) {
        append(open)
        indent += 1
        isFirst = true
        body(&self)
        let isEmpty = isFirst
        indent -= 1
        if !isEmpty { newLine() }
        append(close)
        isFirst = false
    }

    mutating func object(_ body: (inout TreeWriter) -> Void) {
        nest("{", "}", body)
    }

    mutating func key(_ name: String) {
        separate()
        JSONText.appendString(name, to: &output)
        append(isPretty ? ": " : ":")
    }

    mutating func member(_ name: String, _ text: String) {
        key(name)
        JSONText.appendString(text, to: &output)
    }

    private mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        append(flag ? "true" : "false")
    }

    mutating func array<Item>(_ name: String, _ items: [Item], _ body: (inout TreeWriter, Item) -> Void) {
        key(name)
        nest("[", "]") { writer in
            for item in items {
                writer.separate()
                body(&writer, item)
            }
        }
    }

    mutating func child(_ name: String, _ expression: Expression) {
        key(name)
        write(expression)
    }

    mutating func write(_ expression: Expression) {
        object { writer in
            writer.writeKind(expression.kind)
            guard expression.range.start > 0 else { return }
            writer.key("column")
            writer.append(String(expression.range.start))
        }
    }

    private mutating func writeKind(_ kind: Expression.Kind) {
        switch kind {
        case .literal(let literal): write(literal)
        case .list(let items): writeItems("list", "items", items)
        case .array(let items): writeItems("array", "items", items)
        case .object(let members):
            member("kind", "object")
            array("members", members) { writer, item in
                writer.object {
                    $0.member("name", item.name)
                    $0.child("value", item.value)
                }
            }
        case .path(let path): write(path)
        case .call(let call):
            member("kind", "call")
            write(call)
        case .conditional(let branches):
            member("kind", "case")
            array("branches", branches) { writer, branch in
                writer.object {
                    $0.child("condition", branch.condition)
                    $0.child("value", branch.value)
                }
            }
        case .typeTest(let operand, let type): writeTypeFunction("isof", operand, type)
        case .cast(let operand, let type): writeTypeFunction("cast", operand, type)
        case .negate(let operand): writeUnary("negate", operand)
        case .not(let operand): writeUnary("not", operand)
        case .and(let operands): writeItems("and", "operands", operands)
        case .or(let operands): writeItems("or", "operands", operands)
        case .binary(let operation, let left, let right):
            member("kind", operation.rawValue)
            child("left", left)
            child("right", right)
        }
    }

    private mutating func writeItems(_ kind: String, _ name: String, _ items: [Expression]) {
        member("kind", kind)
        array(name, items) { $0.write($1) }
    }

    private mutating func writeUnary(_ kind: String, _ operand: Expression) {
        member("kind", kind)
        child("operand", operand)
    }

    private mutating func writeTypeFunction(_ kind: String, _ operand: Expression?, _ type: TypeName) {
        member("kind", kind)
        member("type", type.isCollection ? "Collection(\(type.name))" : type.name)
        if let operand { child("operand", operand) }
    }

    private mutating func write(_ literal: Literal) {
        member("kind", "literal")
        switch literal {
        case .value(let value):
            member("type", value.typeName)
            key("value")
            value.writeJSON(to: &output)
        case .notFinite(let text):
            member("type", "Edm.Double")
            member("value", text)
        case .binary(let text):
            member("type", "Edm.Binary")
            member("value", text)
        case .geo(let prefix, let text):
            member("type", prefix == "geometry" ? "Edm.Geometry" : "Edm.Geography")
            member("value", text)
        case .enumeration(let type, let members):
            member("type", type)
            member("value", members)
        }
    }

    private mutating func write(_ call: FunctionCall) {
        member("name", call.name)
        array("arguments", call.arguments) { writer, argument in
            guard let name = argument.name else { return writer.write(argument.value) }
            writer.object {
                $0.member("kind", "argument")
                $0.member("name", name)
                $0.child("value", argument.value)
            }
        }
    }

    private mutating func write(_ path: Path) {
        member("kind", "path")
        switch path.root {
        case .implicit: break
        case .it: member("root", "$it")
        case .this: member("root", "$this")
        case .service: member("root", "$root")
        case .these: member("root", "$these")
        case .user: member("root", "$user")
        case .event: member("root", "$event")
        case .alias(let name): member("root", "@\(name)")
        }
        array("steps", path.steps) { $0.write($1) }
    }

    private mutating func write(_ step: Path.Step) {
        // The step that nearly all are is written as its name alone.
        if case .name(let name) = step.kind { return JSONText.appendString(name, to: &output) }
        object { writer in
            switch step.kind {
            case .name(let name), .qualifiedName(let name):
                writer.member("kind", "type")
                writer.member("name", name)
            case .call(let call):
                writer.member("kind", "call")
                writer.write(call)
            case .key(let arguments):
                writer.member("kind", "key")
                writer.write(FunctionCall(name: "", arguments: arguments))
            case .annotation(let name):
                writer.member("kind", "annotation")
                writer.member("name", name)
            case .count(let options):
                writer.member("kind", "count")
                if let options { writer.options(options) }
            case .filter(let condition):
                writer.member("kind", "filter")
                writer.child("condition", condition)
            case .any(let variable, let condition):
                writer.member("kind", "any")
                if let variable { writer.member("variable", variable) }
                if let condition { writer.child("condition", condition) }
            case .all(let variable, let condition):
                writer.member("kind", "all")
                writer.member("variable", variable)
                writer.child("condition", condition)
            case .aggregate(let text):
                writer.member("kind", "aggregate")
                writer.member("text", text)
            }
        }
    }

    private mutating func options(_ options: QueryOptions) {
        key("options")
        write(options)
    }

    mutating func write(_ options: QueryOptions) {
        object { writer in
            if let filter = options.filter { writer.child("filter", filter) }
            if let search = options.search {
                writer.key("search")
                writer.write(search)
            }
            if !options.orderBy.isEmpty {
                writer.array("orderby", options.orderBy) { writer, item in
                    writer.object {
                        $0.child("expression", item.expression)
                        $0.member("descending", item.isDescending)
                    }
                }
            }
            if let select = options.select { writer.array("select", select) { $0.write($1) } }
            if !options.expand.isEmpty { writer.array("expand", options.expand) { $0.write($1) } }
            if !options.compute.isEmpty { writer.array("compute", options.compute) { $0.write($1) } }
            if !options.apply.isEmpty { writer.array("apply", options.apply) { $0.write($1) } }
            writer.writeSimple(options)
            if !options.aliases.isEmpty {
                writer.array("aliases", options.aliases) { writer, alias in
                    writer.object {
                        $0.member("name", alias.name)
                        $0.child("value", alias.value)
                    }
                }
            }
            if !options.custom.isEmpty {
                writer.array("custom", options.custom) { writer, option in
                    writer.object {
                        $0.member("name", option.name)
                        if let value = option.value { $0.member("value", value) }
                    }
                }
            }
        }
    }

    /// Numbers and Booleans bare, all else as strings.
    private mutating func writeSimple(_ options: QueryOptions) {
        for (name, value) in options.simpleValues {
            if name == "top" || name == "skip" || name == "index" || name == "count" || (name == "levels" && value != "max") {
                key(name)
                append(value)
            } else {
                member(name, value)
            }
        }
    }

    private mutating func write(_ item: QueryOptions.SelectItem) {
        object { writer in
            writer.array("path", item.path) { JSONText.appendString($1.name, to: &$0.output) }
            if let options = item.options { writer.options(options) }
            if let names = item.parameterNames { writer.array("parameters", names) { JSONText.appendString($1, to: &$0.output) } }
        }
    }

    private mutating func write(_ item: QueryOptions.ExpandItem) {
        object { writer in
            writer.array("path", item.path) { JSONText.appendString($1.name, to: &$0.output) }
            if let suffix = item.suffix { writer.member("suffix", suffix.rawValue) }
            if let options = item.options { writer.options(options) }
        }
    }

    private mutating func write(_ search: SearchExpression) {
        object { writer in
            switch search {
            case .word(let word):
                writer.member("kind", "word")
                writer.member("text", word)
            case .phrase(let words):
                writer.member("kind", "phrase")
                writer.member("text", words)
            case .not(let operand):
                writer.member("kind", "not")
                writer.key("operand")
                writer.write(operand)
            case .and(let left, let right): writer.writeSearch("and", left, right)
            case .or(let left, let right): writer.writeSearch("or", left, right)
            }
        }
    }

    private mutating func writeSearch(_ kind: String, _ left: SearchExpression, _ right: SearchExpression) {
        member("kind", kind)
        key("left")
        write(left)
        key("right")
        write(right)
    }
}

extension Value {
    /// The standard's name of the value's type.
    var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "Edm.Boolean"
        case .integer: "Edm.Int64"
        case .decimal: "Edm.Decimal"
        case .string: "Edm.String"
        case .date: "Edm.Date"
        case .timeOfDay: "Edm.TimeOfDay"
        case .dateTime: "Edm.DateTimeOffset"
        case .duration: "Edm.Duration"
        case .guid: "Edm.Guid"
        case .collection: "Collection(Edm.Untyped)"
        case .complex: "Edm.Untyped"
        }
    }
}
