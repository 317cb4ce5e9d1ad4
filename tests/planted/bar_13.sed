# runtime/process/mail.cpp
# an envelope that nobody receives is freed without the message inside
# bar 13
/mail->type->destroy != nullptr/d
