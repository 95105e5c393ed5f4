// On the way to a room: the form is sent at once; without script there is its button.

document.getElementById('enter').submit();
