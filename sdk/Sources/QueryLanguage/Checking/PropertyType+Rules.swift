extension PropertyType {
    /// Whether it leads to entities.
    var isLink: Bool {
        switch self {
        case .entity, .entityCollection, .entityOfSeveral: true
        default: false
        }
    }

    var isCollection: Bool {
        switch self {
        case .collection, .entityCollection: true
        default: false
        }
    }

    /// Whether it is a single value that has an order.
    var isSortable: Bool {
        switch self {
        case .boolean, .int64, .decimal, .string, .choice, .date, .timeOfDay, .dateTimeOffset, .duration, .guid: true
        case .untyped, .complex, .collection, .entity, .entityCollection, .entityOfSeveral: false
        }
    }

    var isNumeric: Bool {
        switch self {
        case .int64, .decimal: true
        default: false
        }
    }

    /// Whether it is text for functions: a string or a choice.
    var isText: Bool {
        switch self {
        case .string, .choice: true
        default: false
        }
    }

    /// The type with an article, for sentences.
    var phrase: String {
        switch self {
        case .boolean: "a Boolean"
        case .int64: "an integer"
        case .decimal: "a decimal"
        case .string: "text"
        case .choice: "a choice"
        case .date: "a date"
        case .timeOfDay: "a time of day"
        case .dateTimeOffset: "a date-time"
        case .duration: "a duration"
        case .guid: "a GUID"
        case .untyped: "JSON"
        case .complex(let shape): "a structured value (\(shape.name))"
        case .collection, .entityCollection: "a collection"
        case .entity, .entityOfSeveral: "a link"
        }
    }
}
