extension FieldDeclaration {
    /// The further names under which parts of the field appear in the API, in expressions and as columns.
    ///
    /// `amount_currency` for money `amount`; `organisation_id` for link or user `organisation`; `subject_id` and `subject_type` for a
    /// link to one of several types; `primary_email` for emails, `primary_phone` for phones.
    public var derivedNames: [String] {
        switch kind {
        case .money: [key + "_currency"]
        case .link, .user: [key + "_id"]
        case .linkAny: [key + "_id", key + "_type"]
        case .emails: ["primary_email"]
        case .phones: ["primary_phone"]
        default: []
        }
    }
}

extension FieldKind {
    /// The name under which a linked record sees the records that link to it, and the types that see it so.
    var inverse: (name: Located<String>, target: TypeReference)? {
        switch self {
        case .link(let options): options.inverse.map { ($0, options.target) }
        case .links(let options): options.inverse.map { ($0, options.target) }
        default: nil
        }
    }

    /// The types that are linked to.
    var targets: [TypeReference] {
        switch self {
        case .link(let options): [options.target]
        case .links(let options): [options.target]
        case .linkAny(let options): options.targets
        default: []
        }
    }

    /// Whether a plain index over the field's column makes sense.
    var isIndexable: Bool {
        switch self {
        case .text, .integer, .decimal, .money, .boolean, .date, .dateTime, .duration, .choice, .url, .link, .linkAny, .user, .autoNumber:
            true
        case .longText, .multiChoice, .emails, .phones, .address, .tags, .links, .file, .json: false
        }
    }

    /// Whether equal values can be told from a single column.
    var isComparable: Bool {
        switch self {
        case .money, .linkAny: false
        default: isIndexable
        }
    }

    /// Whether a search can look for words in it; of links it is the name of the linked record, of choices their labels.
    var isSearchable: Bool {
        switch self {
        case .text, .longText, .emails, .phones, .url, .address, .tags, .choice, .multiChoice, .link, .autoNumber: true
        default: false
        }
    }

    /// Whether a value names a record to people.
    var isDisplayable: Bool {
        switch self {
        case .text, .url, .choice, .integer, .date, .autoNumber: true
        default: false
        }
    }
}
