package import Catalog
import Permissions

extension Access {
    /// Refuses what this access may do with no record of a type at all. That says nothing about any record, only about the caller's roles.
    package func require(_ action: RecordAction, on type: RecordType) throws {
        guard rights.allows(action, on: type.id) else { throw RecordsError.forbidden(action, type) }
    }

    /// Whether every record of a type that this access may read may be exported by it too.
    package func exportsWhatItReads(of type: RecordType) -> Bool {
        rights.predicate(.export, on: type.id) == rights.predicate(.read, on: type.id)
    }

    /// Whether this access can make records of a type at all, by the way that it came in.
    func mayCreate(_ type: RecordType) -> Bool {
        rights.allows(.create, on: type.id) && (channel != .importing || rights.allows(.importing, on: type.id))
    }
}

extension RecordsError {
    /// The caller's roles don't cover an action.
    package static func forbidden(_ action: RecordAction, _ type: RecordType) -> RecordsError {
        RecordsError(
            .forbidden, "Your roles don't let you \(action.verb) \(type.labelPlural.lowercased()); ask an administrator for one that does.")
    }

    /// Records that would go with the one that is acted on.
    static func forbidden(_ action: RecordAction, along type: RecordType) -> RecordsError {
        RecordsError(
            .forbidden,
            "\(type.labelPlural) would be \(action.rawValue)d with it, and your roles don't let you do that to all of them: ask an administrator."
        )
    }

    /// The record is there to be read, and not to be acted on.
    static func forbiddenRecord(_ action: RecordAction, _ type: RecordType) -> RecordsError {
        RecordsError(.forbidden, "Your roles don't let you \(action.verb) this \(type.label.lowercased()).")
    }
}

extension RecordAction {
    /// As it stands in a sentence before what it is done to.
    fileprivate var verb: String {
        switch self {
        case .read, .create, .update, .delete, .restore, .purge, .export, .merge, .share: rawValue
        case .importing: "import"
        case .bulk: "edit many"
        case .assign: "assign"
        }
    }
}
