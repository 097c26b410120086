"""The three functions of the coat machine as one would write them for Lambda: they print, and reply in the same dict."""


def advise(event, message):
    print(event)
    return {"Weather": event["Weather"], "Message": message}


def wear_heavy_coat(event, context):
    return advise(event, "You should wear a heavy coat today.")


def wear_light_jacket(event, context):
    return advise(event, "You should wear a light jacket today.")


def no_coat(event, context):
    return advise(event, "You need no coat today.")
