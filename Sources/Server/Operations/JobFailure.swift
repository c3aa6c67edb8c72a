import Jobs
import NIOHTTP1
import QueryLanguage
import Records

/// Why a job came to nothing, as its request would have been answered.
extension Job.Failure {
    /// That of the error; of many items that of the first that failed, as at once.
    var status: HTTPResponseStatus {
        let cause = code == BulkWrite.refusalCode ? details.items.first?["code"]?.asText ?? code : code
        switch cause {
        case JobError.Code.fault.description, JobError.Code.givenUp.description: return .internalServerError
        default: return APIError.status(of: RecordsError.Code(description: cause))
        }
    }

    /// An error object.
    var answer: [UInt8] {
        var error = APIError(status, code, message)
        error.details = details.items.compactMap { detail in
            guard let code = detail["code"]?.asText, let message = detail["message"]?.asText else { return nil }
            return APIError.Detail(code: code, message: message, target: detail["target"]?.asText)
        }
        var json = JSONWriter()
        json.object { json in
            json.key("error")
            error.write(to: &json)
        }
        return json.bytes
    }
}
