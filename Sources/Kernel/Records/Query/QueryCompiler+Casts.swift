import QueryLanguage

/// Conversions, with the meaning that docs/query-language.md gives them: null where a value has no counterpart.
extension QueryCompiler {
    func cast(_ operand: TypedExpression, to type: PropertyType) throws -> SQLFragment {
        let piece = try value(operand)
        let a = piece.operand
        func result(_ text: String, isAtomic: Bool = true) -> SQLFragment {
            SQLFragment(text, isAtomic: isAtomic, isNullable: piece.isNullable)
        }
        switch (operand.type, type) {
        case (.choice, .string): return piece
        case (.decimal, .string): return result("trim_scale(\(piece.text))::text")
        case (.dateTimeOffset, .string): return result("replace((\(a) AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z'", isAtomic: false)
        case (.duration, .string): return result("tessera.iso_duration(\(piece.text))")
        case (_, .string): return result("\(a)::text")
        case (.date, .dateTimeOffset): return result("(\(a)::timestamp AT TIME ZONE 'UTC')")
        case (.decimal, .int64): return nullable(Self.integer("round(\(piece.text))"))
        case (.string, .decimal): return nullable("CASE WHEN \(a) ~ '\(Self.fraction)' THEN \(a)::numeric END")
        case (.string, .int64): return nullable("CASE WHEN \(a) ~ '\(Self.whole)' THEN \(Self.integer("\(a)::numeric")) END")
        default: throw RecordsError(.notSupported, "A cast from \(operand.type.sqlName) to \(type.sqlName) is not supported yet.")
        }
    }

    private func nullable(_ text: String) -> SQLFragment { SQLFragment(text, isNullable: true) }

    /// A whole number in 64 bits.
    private static func integer(_ number: String) -> String {
        "CASE WHEN \(number) BETWEEN -9223372036854775808 AND 9223372036854775807 THEN \(number)::bigint END"
    }

    private static let whole = "^[+-]?[0-9]{1,100}$"
    private static let fraction = "^[+-]?[0-9]{1,100}([.][0-9]{1,100})?$"
}
