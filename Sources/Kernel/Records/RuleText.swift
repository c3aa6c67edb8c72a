import Catalog
import Permissions
import QueryLanguage
import Synchronization

/// Conditions of rights as SQL, each compiled once. The text leaves open the row that it speaks of and the values of the principal.
///
/// A condition is compiled over the whole type and under no rights: it decides with values that the principal may not see. It reads the record's own
/// row alone, so that a row which a statement has just written is judged by what was written.
final class RuleTexts: Sendable {
    static let shared = RuleTexts()
    private static let capacity = 10_000

    private enum Piece {
        case text(String)
        case alias
        case value(GuardValue)
    }

    private let known = Mutex<[AccessRule: [Piece]]>([:])

    /// The condition over the row `alias`.
    func pieces(of rule: AccessRule, alias: String) -> [GuardPiece] {
        let pieces = known.withLock { $0[rule] } ?? compiled(rule)
        return pieces.map { piece in
            switch piece {
            case .text(let text): .text(text)
            case .alias: .text(alias)
            case .value(let value): .value(value)
            }
        }
    }

    private func compiled(_ rule: AccessRule) -> [Piece] {
        // What can't be asked in SQL is true of no record: whoever it would let in stays out.
        let pieces = (try? Self.compile(rule)) ?? [.text("FALSE")]
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll() }
            known[rule] = pieces
        }
        return pieces
    }

    /// Stands for the row while the text is made; no name in a catalog has it.
    private static let row = "\u{1}"

    private static func compile(_ rule: AccessRule) throws -> [Piece] {
        let catalog = Catalog(deployment: "", currency: "", timeZone: "", modules: [], types: [rule.type])
        guard let shape = catalog.typeShape(named: rule.type.id) else { throw QueryCompiler.gone(rule.type.id) }
        let access = Access(principal: .administrator, channel: .system, rights: .unlimited)
        let compiler = try QueryCompiler(catalog: catalog, access: access, shape: shape, alias: row, aliasPrefix: "r_")
        let from = compiler.record.from.text
        let text = try compiler.condition(rule.expression, .lenient).operand
        guard compiler.record.from.text == from else {
            throw RecordsError(.notSupported, "The condition \(rule.id) reads more than the record's own row.")
        }
        return try split(text) { number in
            guard compiler.sources.indices.contains(number - 1) else { throw QueryCompiler.gone(rule.id) }
            switch compiler.sources[number - 1] {
            case .literal(let index, let use): return .constant(compiler.consumedLiterals[index], use)
            case .actor(let value): return value
            case .limit, .offset, .cursor, .recordKey, .search: throw QueryCompiler.gone(rule.id)
            }
        }
    }

    /// Takes the text apart at the row's name and at `$1`, `$2`, …: all that is quoted in it comes from the catalog, whose names have neither.
    private static func split(_ text: String, value: (Int) throws -> GuardValue) throws -> [Piece] {
        var pieces: [Piece] = []
        var run = ""
        var rest = Substring(text)
        func flush() {
            if !run.isEmpty { pieces.append(.text(run)) }
            run = ""
        }
        while let character = rest.first {
            rest = rest.dropFirst()
            let digits = character == "$" ? rest.prefix(while: { $0.isASCII && $0.isNumber }) : ""
            if String(character) == row {
                flush()
                pieces.append(.alias)
            } else if let number = Int(digits) {
                flush()
                pieces.append(.value(try value(number)))
                rest = rest.dropFirst(digits.count)
            } else {
                run.append(character)
            }
        }
        flush()
        return pieces
    }
}
