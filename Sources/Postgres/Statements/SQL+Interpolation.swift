extension SQL: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) {
        self.init()
        append(raw: value)
    }

    package init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql = SQL()

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ literal: String) {
            sql.append(raw: literal)
        }

        /// A placeholder for this value.
        package mutating func appendInterpolation(bind value: some PostgresEncodable) {
            sql.append(parameter: value.postgresParameter)
        }

        /// A placeholder for this value or NULL. Apart from the other, so that the compiler knows the optional is meant.
        package mutating func appendInterpolation<Value: PostgresEncodable>(bind value: Value?) {
            sql.append(parameter: value.postgresParameter)
        }

        /// A quoted identifier.
        package mutating func appendInterpolation(identifier name: String) {
            sql.append(identifier: name)
        }

        /// Text that is SQL already. Never pass anything a user wrote.
        package mutating func appendInterpolation(raw text: String) {
            sql.append(raw: text)
        }

        /// Another piece with its parameters.
        package mutating func appendInterpolation(_ piece: SQL) {
            sql.append(piece)
        }
    }
}
