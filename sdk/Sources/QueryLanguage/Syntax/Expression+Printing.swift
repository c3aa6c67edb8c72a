extension Expression {
    /// The expression in canonical form: parsing it gives an equal tree. Operators in lower case, parentheses only where needed,
    /// no percent-encoding.
    public var text: String {
        var printer = ExpressionPrinter()
        printer.write(self, binding: .or)
        return String(decoding: printer.output, as: UTF8.self)
    }
}

extension Expression: CustomStringConvertible {
    /// The canonical form: see `text`.
    public var description: String { text }
}

/// Writes trees as text.
struct ExpressionPrinter {
    var output: [UInt8] = []

    /// How tightly an operator holds its operands, loosest first.
    enum Binding: Int {
        case or, and, equality, relation, sum, product, unary, member

        var tighter: Binding { Binding(rawValue: rawValue + 1) ?? .member }
    }

    mutating func append(_ text: String) {
        output.append(contentsOf: text.utf8)
    }

    /// Writes a node, in parentheses when it binds less tightly than its place asks for.
    mutating func write(_ expression: Expression, binding: Binding) {
        let own = ExpressionPrinter.binding(of: expression.kind)
        let needsParentheses = own.rawValue < binding.rawValue
        if needsParentheses { append("(") }
        write(expression.kind, own: own)
        if needsParentheses { append(")") }
    }

    private static func binding(of kind: Expression.Kind) -> Binding {
        switch kind {
        case .or: return .or
        case .and: return .and
        case .binary(let operation, _, _):
            switch operation {
            case .equal, .notEqual: return .equality
            case .greaterThan, .greaterOrEqual, .lessThan, .lessOrEqual: return .relation
            case .add, .sub: return .sum
            case .multiply, .divide, .divideBy, .modulo: return .product
            case .has, .isIn: return .member
            }
        case .negate, .not: return .unary
        default: return .member
        }
    }

    private mutating func write(_ kind: Expression.Kind, own: Binding) {
        switch kind {
        case .literal(let literal): write(literal)
        case .list(let items): writeList(items, open: "(", close: ")") { $0.write($1, binding: .or) }
        case .array(let items): writeList(items, open: "[", close: "]") { $0.writeJSONValue($1) }
        case .object(let members):
            writeList(members, open: "{", close: "}") { printer, member in
                JSONText.appendString(member.name, to: &printer.output)
                printer.append(":")
                printer.writeJSONValue(member.value)
            }
        case .path(let path): write(path)
        case .call(let call): write(call)
        case .conditional(let branches):
            writeList(branches, open: "case(", close: ")") { printer, branch in
                printer.write(branch.condition, binding: .or)
                // With a blank a number before the colon isn't taken for a time of day.
                printer.append(" : ")
                printer.write(branch.value, binding: .or)
            }
        case .typeTest(let operand, let type): writeTypeFunction("isof(", operand, type)
        case .cast(let operand, let type): writeTypeFunction("cast(", operand, type)
        case .negate(let operand): writeNegation(operand)
        case .not(let operand):
            append("not ")
            write(operand, binding: .unary)
        case .and(let operands): write(operands, separator: " and ", binding: .equality)
        case .or(let operands): write(operands, separator: " or ", binding: .and)
        case .binary(let operation, let left, let right):
            write(left, binding: own)
            append(" \(operation.rawValue) ")
            if case .isIn = operation, !right.isListOrJSON {
                // Without parentheses a list of one literal couldn't be told from a literal.
                write(right, binding: .member)
            } else {
                write(right, binding: own.tighter)
            }
        }
    }

    private mutating func write(_ operands: [Expression], separator: String, binding: Binding) {
        for (index, operand) in operands.enumerated() {
            if index > 0 { append(separator) }
            write(operand, binding: binding)
        }
    }

    /// A minus before a digit would make a negative literal.
    private mutating func writeNegation(_ operand: Expression) {
        append("-")
        let start = output.count
        write(operand, binding: .unary)
        guard start < output.count else { return }
        let first = output[start]
        if ASCII.isDigit(first) || output[start...].starts(with: "INF".utf8) {
            output.insert(UInt8(ascii: " "), at: start)
        }
    }

    mutating func writeList<Item>(_ items: [Item], open: String, close: String, write: (inout ExpressionPrinter, Item) -> Void) {
        append(open)
        for (index, item) in items.enumerated() {
            if index > 0 { append(",") }
            write(&self, item)
        }
        append(close)
    }

    private mutating func writeJSONValue(_ expression: Expression) {
        if case .literal(.value(.string(let text))) = expression.kind {
            JSONText.appendString(text, to: &output)
        } else {
            write(expression, binding: .or)
        }
    }

    private mutating func write(_ literal: Literal) {
        switch literal {
        case .value(let value): writeValue(value)
        case .notFinite(let text): append(text)
        case .binary(let text): append("binary'\(text)'")
        case .geo(let prefix, let text):
            append(prefix)
            Value.string(text).writeLiteral(to: &output)
        case .enumeration(let type, let members):
            append(type)
            Value.string(members).writeLiteral(to: &output)
        }
    }

    /// A decimal without a point would be read back as an integer.
    private mutating func writeValue(_ value: Value) {
        value.writeLiteral(to: &output)
        if case .decimal(let number) = value, number.scale == 0, Int64(number.description) != nil { append("e0") }
    }

    private mutating func writeTypeFunction(_ name: String, _ operand: Expression?, _ type: TypeName) {
        append(name)
        if let operand {
            write(operand, binding: .or)
            append(",")
        }
        append(type.isCollection ? "Collection(\(type.name)))" : "\(type.name))")
    }

    private mutating func write(_ call: FunctionCall) {
        append(call.name)
        writeList(call.arguments, open: "(", close: ")") { printer, argument in
            if let name = argument.name { printer.append("\(name)=") }
            printer.write(argument.value, binding: .or)
        }
    }

    private mutating func write(_ path: Path) {
        switch path.root {
        case .implicit: break
        case .it: append("$it")
        case .this: append("$this")
        case .service: append("$root")
        case .these: append("$these")
        case .user: append("$user")
        case .event: append("$event")
        case .alias(let name): append("@\(name)")
        }
        for (index, step) in path.steps.enumerated() {
            if case .key = step.kind {} else if index > 0 || path.root != .implicit { append("/") }
            write(step.kind)
        }
    }

    private mutating func write(_ step: Path.Kind) {
        switch step {
        case .name(let name), .qualifiedName(let name): append(name)
        case .call(let call): write(call)
        case .key(let arguments): write(FunctionCall(name: "", arguments: arguments))
        case .annotation(let name): append("@\(name)")
        case .count(let options):
            append("$count")
            if let options { writeNested(options) }
        case .filter(let condition):
            append("$filter(")
            write(condition, binding: .or)
            append(")")
        case .any(let variable, let condition):
            append("any(")
            if let variable, let condition { writeLambda(variable, condition) }
            append(")")
        case .all(let variable, let condition):
            append("all(")
            writeLambda(variable, condition)
            append(")")
        case .aggregate(let text): append("aggregate(\(text))")
        }
    }

    private mutating func writeLambda(_ variable: String, _ condition: Expression) {
        append(variable)
        append(":")
        write(condition, binding: .or)
    }
}

extension Expression {
    /// Whether the node is a list in parentheses, an array or an object.
    fileprivate var isListOrJSON: Bool {
        switch kind {
        case .list, .array, .object: true
        default: false
        }
    }
}
