package import QueryLanguage

/// The key under which a client sends a request so that it may send it again: of one principal, and of one request.
package struct RequestKey: Sendable, Hashable {
    package static let longest = 255

    package let principal: GUID
    package let text: String
    /// SHA-256 of the request: another one under the same key is a mistake of its sender's.
    package let fingerprint: [UInt8]

    /// - Parameter text: up to `longest` characters.
    package init(principal: GUID, text: String, fingerprint: [UInt8]) {
        self.principal = principal
        self.text = text
        self.fingerprint = fingerprint
    }
}

/// What a request was answered, as it is kept for its repetitions.
package struct KeptAnswer: Sendable, Equatable {
    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var status: Int
    package var headers: [Header]
    /// Empty where the answer has no body; nil where it had one that isn't kept.
    package var body: [UInt8]?
    /// The change set of what the request wrote: when a record of it is purged, the body goes.
    package var changeSet: GUID?

    package init(status: Int, headers: [Header], body: [UInt8]?, changeSet: GUID?) {
        self.status = status
        self.headers = headers
        self.body = body
        self.changeSet = changeSet
    }
}

/// Bounds on what is kept for repetitions.
package struct KeptAnswerLimits: Sendable, Hashable {
    /// Bytes of a body: of longer ones it is known only that there was an answer.
    package var size: Int
    package var time: Duration

    package init(size: Int = 1_048_576, time: Duration = .seconds(86_400)) {
        self.size = size
        self.time = time
    }
}
