/// A piece of SQL that yields one value.
struct SQLFragment {
    var text: String
    /// Whether it can be an operand as it stands.
    var isAtomic: Bool
    /// Whether it can yield NULL.
    var isNullable: Bool
    /// Whether it is a column and so brings its collation.
    var isColumn = false
    /// For date-times: nil for UTC.
    var offset: UTCOffset?

    init(_ text: String, isAtomic: Bool = true, isNullable: Bool, isColumn: Bool = false, offset: UTCOffset? = nil) {
        self.text = text
        self.isAtomic = isAtomic
        self.isNullable = isNullable
        self.isColumn = isColumn
        self.offset = offset
    }

    /// As an operand.
    var operand: String { isAtomic ? text : "(\(text))" }

    static func column(_ name: String, of alias: String, isNullable: Bool) -> SQLFragment {
        SQLFragment("\(alias).\"\(name)\"", isNullable: isNullable, isColumn: true)
    }
}

/// How exactly a condition has to tell false from null.
enum Truth {
    /// NULL may stand for false: where only truth counts.
    case lenient
    /// NULL only where the language says null.
    case exact
}

/// The offset that a date-time is written with, which PostgreSQL's timestamptz does not keep: only literals bring one.
indirect enum UTCOffset {
    case literal(Int)
    /// Of `case()`: the offset of the value chosen.
    case branches([(condition: String, offset: UTCOffset?)])
}
